package org.fl4j.internal;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The fields of a JSON object from outside. A field that is missing or has the wrong type, or a value that its record
 * refuses, ends in an {@link IllegalArgumentException} that names field, rule and value.
 */
public final class JsonFields {
    private static final int SHOWN = 100; // characters of a wrong value

    private final JsonObject json;
    private final String path; // of this object, with a dot behind it

    private JsonFields(JsonObject json, String path) {
        this.json = json;
        this.path = path;
    }

    /** Reads a JSON text's object. */
    public static JsonFields of(JsonObject json) {
        return new JsonFields(json, "");
    }

    /** Returns a whole number of 32 bits. */
    public int whole(String name) {
        return number(name, "a whole number of 32 bits", value(name), BigDecimal::intValueExact);
    }

    /** Returns a whole number of 64 bits. */
    public long longWhole(String name) {
        return number(name, "a whole number of 64 bits", value(name), BigDecimal::longValueExact);
    }

    /** Returns a number; NaN and the infinities are texts, as {@link Json#number} writes them. */
    public double number(String name) {
        JsonElement value = value(name);
        boolean isText = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
        if (isText && List.of("NaN", "Infinity", "-Infinity").contains(value.getAsString())) {
            return value.getAsDouble();
        }
        return number(name, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"", value, BigDecimal::doubleValue);
    }

    private <T> T number(String name, String rule, JsonElement value, Function<BigDecimal, T> exact) {
        try {
            if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()) {
                return exact.apply(value.getAsBigDecimal());
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw wrong(name, rule, value);
        }
        throw wrong(name, rule, value);
    }

    /** Returns a text. */
    public String text(String name) {
        JsonElement value = value(name);
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw wrong(name, "a text", value);
        }
        return value.getAsString();
    }

    /** Returns a text, or nothing if the field is missing. */
    public Optional<String> optionalText(String name) {
        return json.has(name) ? Optional.of(text(name)) : Optional.empty();
    }

    /** Returns a moment. */
    public Instant time(String name) {
        try {
            return Instant.parse(text(name));
        } catch (DateTimeException e) {
            throw wrong(name, "a time such as 2026-03-01T10:00:00Z", value(name));
        }
    }

    /** Returns a constant by its name. */
    public <E extends Enum<E>> E oneOf(String name, Class<E> constants) {
        String text = text(name);
        return Arrays.stream(constants.getEnumConstants())
                .filter(constant -> constant.name().equals(text))
                .findFirst()
                .orElseThrow(() -> wrong(name, "one of " + Arrays.toString(constants.getEnumConstants()), value(name)));
    }

    /** Returns the fields of an object within this one. */
    public JsonFields object(String name) {
        JsonElement value = value(name);
        if (!value.isJsonObject()) {
            throw wrong(name, "an object", value);
        }
        return new JsonFields(value.getAsJsonObject(), path + name + ".");
    }

    /** Returns what becomes of each field of this object, by name. */
    public <T> Map<String, T> each(BiFunction<JsonFields, String, T> read) {
        Map<String, T> all = new TreeMap<>();
        json.keySet().forEach(name -> all.put(name, made(name, () -> read.apply(this, name))));
        return all;
    }

    /** Returns what becomes of each value of an array, which {@code read} asks for by the name that it is given. */
    public <T> List<T> list(String name, BiFunction<JsonFields, String, T> read) {
        JsonElement value = value(name);
        if (!value.isJsonArray()) {
            throw wrong(name, "an array", value);
        }
        JsonArray array = value.getAsJsonArray();
        JsonObject byName = new JsonObject();
        List<T> all = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            String entry = name + "[" + i + "]";
            byName.add(entry, array.get(i));
            JsonFields fields = new JsonFields(byName, path);
            all.add(made(entry, () -> read.apply(fields, entry)));
            byName.remove(entry);
        }
        return all;
    }

    /** A value that its record refuses: the record names the rule, and this the field. */
    private <T> T made(String name, Supplier<T> read) {
        try {
            return read.get();
        } catch (FieldException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new FieldException(path + name + ": " + e.getMessage(), e);
        }
    }

    private JsonElement value(String name) {
        JsonElement value = json.get(name);
        if (value == null) {
            throw new FieldException(path + name + " must be there, but is missing", null);
        }
        return value;
    }

    private IllegalArgumentException wrong(String name, String rule, JsonElement value) {
        String text = value.toString();
        return new FieldException(
                path + name + " must be " + rule + ", but was "
                        + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "..."),
                null);
    }

    /** Names its field already. */
    private static final class FieldException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        FieldException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
