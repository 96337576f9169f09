package org.fl4j.internal;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.fl4j.InvalidSettingException;

/**
 * Argument checks whose message names the argument, the rule and the value: {@code cohortSize must be in [1, 100], but
 * was 250}. NaN fails every check. Each method returns the value it accepted.
 */
public final class Check {
    private Check() {}

    /** Accepts any reference but null. */
    public static <T> T present(String name, T value) {
        if (value == null) { // no text but for the failure
            throw new NullPointerException(name + " must not be null");
        }
        return value;
    }

    /** Accepts {@code value >= 1}. */
    public static int positive(String name, int value) {
        return that(value >= 1, name, "at least 1", value);
    }

    /** Accepts {@code value >= minimum}. */
    public static int atLeast(String name, int minimum, int value) {
        return value >= minimum
                ? value
                : that(false, name, "at least " + minimum, value); // no text but for the failure
    }

    /** Accepts {@code minimum <= value <= maximum}. */
    public static int inRange(String name, int minimum, int maximum, int value) {
        return value >= minimum && value <= maximum
                ? value
                : that(false, name, String.format(Locale.ROOT, "in [%d, %d]", minimum, maximum), value);
    }

    /** Accepts finite values greater than 0. */
    public static double positive(String name, double value) {
        return that(value > 0 && Double.isFinite(value), name, "positive and finite", value);
    }

    /** Accepts finite values of at least 0. */
    public static double notNegative(String name, double value) {
        return that(value >= 0 && Double.isFinite(value), name, "at least 0 and finite", value);
    }

    /** Accepts {@code 0 <= value < 1}. */
    public static double fraction(String name, double value) {
        return that(value >= 0 && value < 1, name, "in [0, 1)", value);
    }

    /** Accepts {@code 0 < value <= 1}. */
    public static double share(String name, double value) {
        return that(value > 0 && value <= 1, name, "in (0, 1]", value);
    }

    /** Accepts finite values. */
    public static double finite(String name, double value) {
        return that(Double.isFinite(value), name, "finite", value);
    }

    /**
     * Returns {@code value} if {@code holds}; otherwise throws with the message
     * {@code name must be rule, but was value}.
     */
    public static <T> T that(boolean holds, String name, String rule, T value) {
        if (!holds) {
            throw new InvalidSettingException(name, rule, value);
        }
        return value;
    }

    /** Accepts one of a few values. */
    public static <T> T oneOf(String name, Collection<? extends T> options, T value) {
        if (!options.contains(value)) {
            List<String> names = options.stream().map(String::valueOf).toList();
            throw new InvalidSettingException(name, "one of " + names, value, names, null);
        }
        return value;
    }
}
