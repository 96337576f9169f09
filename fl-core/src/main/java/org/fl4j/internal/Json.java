package org.fl4j.internal;

import com.google.gson.JsonPrimitive;

/** Numbers in JSON that every reader accepts (RFC 8259, section 6). */
public final class Json {
    private Json() {}

    /**
     * Returns a number; NaN and the infinities, for which JSON has no numbers, as the texts {@code "NaN"},
     * {@code "Infinity"} and {@code "-Infinity"}. {@link JsonPrimitive#getAsDouble()} gives the same value back for
     * both.
     */
    public static JsonPrimitive number(double value) {
        return Double.isFinite(value) ? new JsonPrimitive(value) : new JsonPrimitive(String.valueOf(value));
    }
}
