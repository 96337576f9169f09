package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest extends TensorTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("model.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("weight", Tensors.create(manager, new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3)));
        tensors.put("steps", Tensors.create(manager, new long[] {7}));
        SafeTensors.write(file, tensors, Map.of("round", "3", "text", "a \"quoted\" word"));
    }

    @Test
    void readsBackWhatItWrote() throws IOException {
        SafeTensors.Content content = SafeTensors.read(file, manager);
        assertThat(content.metadata()).isEqualTo(Map.of("round", "3", "text", "a \"quoted\" word"));
        assertThat(content.tensors()).containsOnlyKeys("weight", "steps");
        assertThat(content.tensors().get("weight").getShape()).isEqualTo(new Shape(2, 3));
        assertThat(content.tensors().get("weight").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(content.tensors().get("steps").toLongArray()).containsExactly(7);
    }

    @Test
    void mapsWhatItWroteAndLeavesTheFileAsItIs() throws IOException {
        byte[] before = Files.readAllBytes(file);
        SafeTensors.Content content = SafeTensors.map(file, manager);
        NDArray weight = content.tensors().get("weight");
        assertThat(content.metadata()).containsEntry("round", "3");
        assertThat(weight.toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(content.tensors().get("steps").toLongArray()).containsExactly(7);
        Kernels.addScaled(weight, weight, 1);
        assertThat(weight.toFloatArray()).containsExactly(2, 4, 6, 8, 10, 12);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        Files.write(file, Arrays.copyOf(before, before.length - 5));
        assertThatThrownBy(() -> SafeTensors.map(file, manager))
                .hasMessage(file + ": the file is truncated, 5 bytes are missing");
    }

    @Test
    void writesWhatDjlReads() throws IOException {
        NDList list = NDList.decode(manager, Files.readAllBytes(file));
        assertThat(list.get("weight").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void leavesNoTemporaryFile() throws IOException {
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void saysHowMuchOfATruncatedFileIsMissing() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ": the file is truncated, 5 bytes are missing");
        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .hasMessage(file + ": the file is truncated, 5 bytes are missing");
    }

    @Test
    void refusesAHeaderThatIsNone() throws IOException {
        Files.writeString(file, "This is no safetensors file at all.");
        assertThatThrownBy(() -> SafeTensors.read(file, manager))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file + ": header length must be in [2, 35], but was ");
    }
}
