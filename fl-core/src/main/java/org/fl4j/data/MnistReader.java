package org.fl4j.data;

import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.fl4j.internal.Check;

/**
 * Reads MNIST, or any data set in its format, from a directory of the four IDX files, plain or gzipped
 * ({@code train-images-idx3-ubyte.gz} and so on). Features are float32 in [0, 1] of shape (n, 1, 28, 28).
 *
 * <p>MNIST and Fashion-MNIST have ten classes. For other sets, say how many: EMNIST's letters have 27, because their
 * labels are 1 to 26 and class 0 has no examples; its balanced set has 47, and its byclass set 62.
 */
public final class MnistReader {
    private static final int IMAGES_MAGIC = 0x803;
    private static final int LABELS_MAGIC = 0x801;
    private static final int CLASSES = 10;

    private MnistReader() {}

    /**
     * Reads both splits of a set of ten classes.
     *
     * @throws DatasetException as {@link #read(Path, int)}
     */
    public static Dataset read(Path directory) {
        return read(directory, CLASSES);
    }

    /**
     * Reads both splits.
     *
     * @param classCount the number of classes, in [2, 256]; every label is below it
     * @throws DatasetException if a file is missing, truncated, longer than its header says or not what its name says,
     *     if a checksum is wrong, or if a label is no class
     */
    public static Dataset read(Path directory, int classCount) {
        Check.inRange("classCount", 2, 256, classCount);
        Split train = readSplit(directory, "train", classCount);
        Split test = readSplit(directory, "t10k", classCount);
        if (!train.imageShape().equals(test.imageShape())) {
            throw new DatasetException("directory " + directory + " must hold test images of shape "
                    + train.imageShape() + ", as in training, but they are of " + test.imageShape());
        }
        // Both splits are checked by here: what follows requests the memory of the features.
        return new Dataset(train.examples(), test.examples(), classCount);
    }

    private static Split readSplit(Path directory, String split, int classCount) {
        Path imageFile = ImageFiles.find(directory, names(split + "-images", "idx3-ubyte"));
        Path labelFile = ImageFiles.find(directory, names(split + "-labels", "idx1-ubyte"));
        try (ImageBytes imageBytes = new ImageBytes(imageFile);
                ImageBytes labelBytes = new ImageBytes(labelFile)) {
            ByteBuffer head = header(imageBytes, imageFile, IMAGES_MAGIC, 4);
            int images = head.getInt();
            int rows = head.getInt();
            int columns = head.getInt();
            int labels = header(labelBytes, labelFile, LABELS_MAGIC, 2).getInt();
            if (images < 1 || rows < 1 || columns < 1 || (long) rows * columns > Integer.MAX_VALUE / images) {
                throw new DatasetException(imageFile + " must hold up to 2 GiB of images, but its header says " + images
                        + " of " + rows + " x " + columns);
            }
            if (images != labels) {
                throw new DatasetException(labelFile + " must hold " + images + " labels, but holds " + labels);
            }
            byte[] classes = labelBytes.read(labels, labels + " labels");
            labelBytes.end(labels + " labels");
            ImageFiles.checkLabels(classes, classCount, labelFile);
            byte[] pixels = imageBytes.read((long) images * rows * columns, images + " images");
            imageBytes.end(images + " images");
            return new Split(pixels, classes, new Shape(1, rows, columns));
        }
    }

    /** What two files hold, still as bytes. */
    @SuppressWarnings("ArrayRecordComponent") // is made and used here only
    private record Split(byte[] pixels, byte[] labels, Shape imageShape) {
        Examples examples() {
            return ImageFiles.examples(pixels, labels, imageShape);
        }
    }

    private static List<String> names(String stem, String ending) {
        return List.of(
                stem + "-" + ending, stem + "-" + ending + ".gz", stem + "." + ending, stem + "." + ending + ".gz");
    }

    private static ByteBuffer header(ImageBytes in, Path file, int magic, int words) {
        ByteBuffer head = ByteBuffer.wrap(in.read(4L * words, "the header"));
        int found = head.getInt();
        if (found != magic) {
            throw new DatasetException(
                    String.format(Locale.ROOT, "%s: magic number must be 0x%08x, but was 0x%08x", file, magic, found));
        }
        return head;
    }
}
