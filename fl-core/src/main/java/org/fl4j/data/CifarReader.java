package org.fl4j.data;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads CIFAR-10 in its binary version from a directory that holds {@code data_batch_1.bin} to {@code data_batch_5.bin}
 * and {@code test_batch.bin}, plain or gzipped (or a folder {@code cifar-10-batches-bin} that does). Features are
 * float32 in [0, 1] of shape (n, 3, 32, 32); see {@link Dataset#standardised()}.
 */
public final class CifarReader {
    private static final int CLASSES = 10;
    private static final int PIXELS = 3 * 32 * 32;
    private static final int RECORD = 1 + PIXELS;
    private static final int MOST_RECORDS = 20_000; // of a file, twice what CIFAR-10 has: the format has no header

    private CifarReader() {}

    /**
     * Reads both splits.
     *
     * @throws DatasetException if a file is missing, truncated or damaged, has more than 20,000 images or
     *     holds a label that is no class
     */
    public static Dataset read(Path directory) {
        Path nested = directory.resolve("cifar-10-batches-bin");
        Path folder = Files.isDirectory(nested) ? nested : directory;
        List<String> batches = IntStream.rangeClosed(1, 5)
                .mapToObj(i -> "data_batch_" + i + ".bin")
                .toList();
        return new Dataset(readSplit(folder, batches), readSplit(folder, List.of("test_batch.bin")), CLASSES);
    }

    private static Examples readSplit(Path folder, List<String> names) {
        byte[][] batches = names.stream()
                .map(name -> readFile(ImageFiles.find(folder, List.of(name, name + ".gz"))))
                .toArray(byte[][]::new);
        int count = 0;
        for (byte[] batch : batches) {
            count += batch.length / RECORD;
        }
        byte[] pixels = new byte[count * PIXELS];
        byte[] labels = new byte[count];
        int next = 0;
        for (byte[] batch : batches) {
            for (int at = 0; at < batch.length; at += RECORD) {
                labels[next] = batch[at];
                System.arraycopy(batch, at + 1, pixels, next * PIXELS, PIXELS);
                next++;
            }
        }
        return ImageFiles.examples(pixels, labels, new Shape(3, 32, 32));
    }

    private static byte[] readFile(Path file) {
        try (ImageBytes in = new ImageBytes(file)) {
            byte[] bytes = in.readUpTo(MOST_RECORDS * RECORD, MOST_RECORDS + " images");
            if (bytes.length == 0 || bytes.length % RECORD != 0) {
                throw new DatasetException(file + " is truncated: its length must be a multiple of " + RECORD
                        + " bytes, but was " + bytes.length);
            }
            byte[] labels = new byte[bytes.length / RECORD];
            for (int i = 0; i < labels.length; i++) {
                labels[i] = bytes[i * RECORD];
            }
            ImageFiles.checkLabels(labels, CLASSES, file);
            return bytes;
        }
    }
}
