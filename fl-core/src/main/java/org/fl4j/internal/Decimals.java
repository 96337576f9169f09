package org.fl4j.internal;

import java.util.regex.Pattern;

/**
 * Numbers as people and other languages write them; Java alone also reads {@code 0.1f}, {@code 1e-1d} and
 * {@code 0x1p-1}.
 */
public final class Decimals {
    private static final Pattern DECIMAL =
            Pattern.compile("[-+]?(?:(?:\\d++(?:\\.\\d*+)?|\\.\\d++)(?:[eE][-+]?\\d++)?|Infinity|NaN)");

    private Decimals() {}

    /**
     * Returns a number. NaN and the infinities are read, so that the check of the value can name its rule.
     *
     * @throws NumberFormatException if the text is not a decimal number
     */
    public static double parse(String text) {
        if (!DECIMAL.matcher(text).matches()) {
            throw new NumberFormatException("text must be a decimal number, but was " + text);
        }
        return Double.parseDouble(text);
    }
}
