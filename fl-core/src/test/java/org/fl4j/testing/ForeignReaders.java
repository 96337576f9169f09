package org.fl4j.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Readers that are not FL4J's own, for the files that it writes: strict JSON, and Python where it is installed. */
public final class ForeignReaders {
    private ForeignReaders() {}

    /** Reads one JSON value by RFC 8259: NaN, single quotes and anything after the value are refused. */
    public static JsonElement strictJson(String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement value = JsonParser.parseReader(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalArgumentException("text must end after its value, but was " + text);
            }
            return value;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a script in Python 3 and returns what it prints; skips the test where there is no Python. */
    public static String python(String script, Object... arguments) {
        Optional<String> output = pythonIfThere(script, arguments);
        assumeTrue(output.isPresent(), "skipped: there is no python3 on the PATH");
        return output.orElseThrow();
    }

    /** Skips the test where Python 3, or a package of it, is not installed. */
    public static void requirePython(String module) {
        python(""); // says if there is none at all
        String found =
                python("import importlib.util, sys; print(importlib.util.find_spec(sys.argv[1]) is not None)", module);
        assumeTrue(found.strip().equals("True"), "skipped: python3 has no package " + module);
    }

    private static Optional<String> pythonIfThere(String script, Object... arguments) {
        List<String> command = new ArrayList<>(List.of("python3", "-X", "utf8", "-c", script));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return Optional.empty();
        }
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                throw new AssertionError("python3 must end with 0, but ended with " + code + ":\n" + output);
            }
            return Optional.of(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while python3 ran", e);
        }
    }
}
