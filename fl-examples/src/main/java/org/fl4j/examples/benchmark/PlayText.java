package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/** Windows of a text of characters, for benchmarks: each with the character behind it, or that behind each position. */
final class PlayText {
    /** Of tiny Shakespeare. */
    static final int CHARACTERS = 65;

    private static final int TEST = 100; // windows

    private PlayText() {}

    /**
     * Reads a text file.
     *
     * @param file the text, or a directory with input.txt
     * @param length of a window
     * @param eachPosition whether labels are (n, length), and not (n)
     */
    static BenchmarkData read(Path file, int length, boolean eachPosition) {
        String text;
        try {
            text = Files.readString(Files.isDirectory(file) ? file.resolve("input.txt") : file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int[] known = text.chars().distinct().sorted().toArray();
        Check.that(known.length <= CHARACTERS, "different characters", "at most " + CHARACTERS, known.length);
        long[] tokens = text.chars()
                .mapToLong(character -> Arrays.binarySearch(known, character))
                .toArray();
        int windows = (tokens.length - 1) / length;
        Check.that(windows > TEST, "windows of the text", "more than " + TEST, windows);
        long[] features = Arrays.copyOf(tokens, windows * length);
        long[] labels = new long[eachPosition ? features.length : windows];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = tokens[eachPosition ? i + 1 : (i + 1) * length];
        }
        NDManager manager = TensorEngine.newManager(Device.cpu());
        Examples all = new Examples(
                Tensors.create(manager, features).reshape(windows, length),
                Tensors.create(manager, labels)
                        .reshape(eachPosition ? new Shape(windows, length) : new Shape(windows)));
        int train = windows - TEST;
        return new BenchmarkData(part(all, 0, train), part(all, train, windows));
    }

    private static Examples part(Examples all, int from, int to) {
        String rows = from + ":" + to;
        return new Examples(all.features().get(rows), all.labels().get(rows));
    }
}
