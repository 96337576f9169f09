package org.fl4j.expression;

import java.util.Locale;
import org.fl4j.internal.Check;

/**
 * Where values enter an {@link Expression}.
 *
 * @param source where they come from
 * @param name which of them, where there are several; the digits of a number
 */
public record Leaf(Source source, String name) {
    /** Where a leaf's values come from. */
    public enum Source {
        /** The network's output, shape (n, outputs). */
        PREDICTIONS,
        /** The labels of the batch, if they are classes: int64, shape (n). */
        LABELS,
        /** The labels of the batch, if they are numbers: float32, in the shape of the predictions. */
        TARGETS,
        /** The output of a {@linkplain org.fl4j.model.Layer#named named layer}, shape (n, units). */
        OUTPUT,
        /** A tensor of the client with one row for each of its examples, of which the batch takes its own. */
        PER_EXAMPLE,
        /** A tensor of the client that is the same for all examples. */
        TENSOR,
        /** The local parameters before a step, shape (1, parameters). */
        PARAMETERS,
        /** What a proximal term pulls to, usually the received parameters, shape (1, parameters). */
        RECEIVED,
        /** 1 / n in every row, of shape (n, 1): what the gradient of a mean begins with. */
        SHARE,
        /** A number. */
        NUMBER
    }

    /** Checks both. */
    public Leaf {
        Check.present("source", source);
        Check.that(
                Check.present("name", name).matches("[\\p{L}\\d ._/-]*"),
                "name in an expression",
                "letters, digits, spaces and any of . _ / -",
                name);
    }

    @Override
    public String toString() {
        return (source.name().toLowerCase(Locale.ROOT) + " " + name).strip();
    }
}
