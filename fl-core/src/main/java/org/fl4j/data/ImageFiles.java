package org.fl4j.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/** What the readers of image files share. */
final class ImageFiles {
    private ImageFiles() {}

    /** Returns the first of the names that is in the directory. */
    static Path find(Path directory, List<String> names) {
        if (!Files.isDirectory(directory)) {
            throw new DatasetException("data directory must exist, but there is no directory " + directory);
        }
        return names.stream()
                .map(directory::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new DatasetException(
                        "directory " + directory + " must hold one of " + names + ", but has none"));
    }

    /** Checks labels against the number of classes. */
    static void checkLabels(byte[] labels, int classes, Path file) {
        for (int i = 0; i < labels.length; i++) {
            int label = labels[i] & 0xFF;
            if (label >= classes) {
                throw new DatasetException(
                        file + ": label " + i + " must be in [0, " + (classes - 1) + "], but was " + label);
            }
        }
    }

    /** Makes examples of pixel bytes: features float32 in [0, 1], labels int64. */
    static Examples examples(byte[] pixels, byte[] labels, Shape imageShape) {
        NDManager manager = TensorEngine.newManager(Device.cpu());
        ByteBuffer buffer = ByteBuffer.allocateDirect(pixels.length).put(pixels).flip();
        Shape shape = new Shape(labels.length).addAll(imageShape);
        long[] classes = new long[labels.length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = labels[i] & 0xFF;
        }
        try (NDArray bytes = manager.create(buffer, shape, DataType.UINT8)) {
            return new Examples(bytes.toType(DataType.FLOAT32, true).divi(255), Tensors.create(manager, classes));
        }
    }
}
