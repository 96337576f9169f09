package org.fl4j.data;

import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.tensor.Tensors;

/** A short text that differs, as far as a look at some hundred rows can tell, where examples differ. */
public final class DataFingerprint {
    private static final int ROWS = 256;

    private DataFingerprint() {}

    /** Returns shapes, types and a hash of rows spread over the examples. */
    public static String of(Examples examples) {
        int count = examples.count();
        int step = Math.max(1, count / ROWS);
        int[] rows = IntStream.range(0, count).filter(row -> row % step == 0).toArray();
        try (NDManager manager = examples.features().getManager().newSubManager()) {
            Examples some = examples.rows(rows, manager);
            String hash = Tensors.sha256(List.of(some.features(), some.labels()));
            some.close();
            return examples.features().getDataType() + " of shape "
                    + examples.features().getShape() + ", labels "
                    + examples.labels().getDataType() + " of shape "
                    + examples.labels().getShape() + ", " + hash.substring(0, 16);
        }
    }
}
