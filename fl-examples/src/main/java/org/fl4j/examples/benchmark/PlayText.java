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
        int train = (windows - TEST) * length;
        return new BenchmarkData(
                examples(features, labels, length, 0, train),
                examples(features, labels, length, train, features.length));
    }

    /** Makes examples of the windows in a part of the text. */
    private static Examples examples(long[] features, long[] labels, int length, int from, int to) {
        NDManager manager = TensorEngine.newManager(Device.cpu());
        int each = labels.length == features.length ? length : 1; // labels of a window
        int windows = (to - from) / length;
        long[] own = Arrays.copyOfRange(labels, from / length * each, to / length * each);
        return new Examples(
                Tensors.create(manager, Arrays.copyOfRange(features, from, to)).reshape(windows, length),
                Tensors.create(manager, own).reshape(each == 1 ? new Shape(windows) : new Shape(windows, length)));
    }
}
