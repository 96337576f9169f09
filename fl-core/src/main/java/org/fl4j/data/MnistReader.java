package org.fl4j.data;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Reads MNIST, or any data set in its format, from a directory of the four IDX files, plain or gzipped
 * ({@code train-images-idx3-ubyte.gz} and so on). Features are float32 in [0, 1] of shape (n, 1, 28, 28).
 */
public final class MnistReader {
    private static final int IMAGES_MAGIC = 0x803;
    private static final int LABELS_MAGIC = 0x801;
    private static final int CLASSES = 10;

    private MnistReader() {}

    /**
     * Reads both splits.
     *
     * @throws DatasetException if a file is missing, truncated or not what its name says
     */
    public static Dataset read(Path directory) {
        return new Dataset(readSplit(directory, "train"), readSplit(directory, "t10k"), CLASSES);
    }

    private static Examples readSplit(Path directory, String split) {
        Path imageFile = ImageFiles.find(directory, names(split + "-images", "idx3-ubyte"));
        Path labelFile = ImageFiles.find(directory, names(split + "-labels", "idx1-ubyte"));
        try (InputStream imageStream = ImageFiles.open(imageFile);
                InputStream labelStream = ImageFiles.open(labelFile)) {
            ByteBuffer head = header(imageStream, imageFile, IMAGES_MAGIC, 4);
            int images = head.getInt();
            int rows = head.getInt();
            int columns = head.getInt();
            int labels = header(labelStream, labelFile, LABELS_MAGIC, 2).getInt();
            if (images != labels) {
                throw new DatasetException(labelFile + " must hold " + images + " labels, but holds " + labels);
            }
            if (images < 1 || rows < 1 || columns < 1 || (long) images * rows * columns > Integer.MAX_VALUE) {
                throw new DatasetException(imageFile + " must hold up to 2 GiB of images, but its header says " + images
                        + " of " + rows + " x " + columns);
            }
            byte[] pixels = ImageFiles.read(imageStream, images * rows * columns, imageFile, images + " images");
            byte[] classes = ImageFiles.read(labelStream, labels, labelFile, labels + " labels");
            ImageFiles.checkLabels(classes, CLASSES, labelFile);
            return ImageFiles.examples(pixels, classes, new Shape(1, rows, columns));
        } catch (IOException e) {
            throw new DatasetException("cannot read " + split + " files in " + directory + ": " + e.getMessage(), e);
        }
    }

    private static List<String> names(String stem, String ending) {
        return List.of(
                stem + "-" + ending, stem + "-" + ending + ".gz", stem + "." + ending, stem + "." + ending + ".gz");
    }

    private static ByteBuffer header(InputStream in, Path file, int magic, int words) throws IOException {
        ByteBuffer head = ByteBuffer.wrap(ImageFiles.read(in, 4 * words, file, "the header"));
        int found = head.getInt();
        if (found != magic) {
            throw new DatasetException(
                    String.format(Locale.ROOT, "%s: magic number must be 0x%08x, but was 0x%08x", file, magic, found));
        }
        return head;
    }
}
