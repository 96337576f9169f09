package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForeignSafeTensorsTest extends TensorTest {
    /** Reads by the format's description: the header's length, strict JSON, values without gaps up to the end. */
    private static final String READER = """
        import json, struct, sys
        data = open(sys.argv[1], 'rb').read()
        size, = struct.unpack('<Q', data[:8])
        header = json.loads(data[8:8 + size].decode('utf-8'), parse_constant=lambda c: 1 / 0)
        body = data[8 + size:]
        print(sorted(header.pop('__metadata__').items()))
        end = 0
        for name, about in sorted(header.items(), key=lambda entry: entry[1]['data_offsets']):
            start, stop = about['data_offsets']
            assert start == end, (name, start, end)
            end = stop
            letter = {'F32': 'f', 'I64': 'q'}[about['dtype']]
            count = (stop - start) // struct.calcsize('<' + letter)
            print(name, about['shape'], struct.unpack('<%d%s' % (count, letter), body[start:stop]))
        assert end == len(body), (end, len(body))
        """;

    @TempDir
    Path directory;

    @Test
    void pythonReadsWhatIsWritten() throws Exception {
        Path file = directory.resolve("odd.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put(
                "a \"b\", ü", Tensors.create(manager, new float[] {1, Float.POSITIVE_INFINITY, 3, 4}, new Shape(2, 2)));
        tensors.put("n", Tensors.create(manager, new long[] {7}));
        SafeTensors.write(file, tensors, Map.of("text", "a\n\"b\"\u0001"));
        assertThat(ForeignReaders.python(READER, file)).isEqualTo("""
            [('text', 'a\\n"b"\\x01')]
            a "b", ü [2, 2] (1.0, inf, 3.0, 4.0)
            n [1] (7,)
            """);
    }
}
