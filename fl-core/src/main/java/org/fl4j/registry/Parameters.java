package org.fl4j.registry;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.Check;
import org.fl4j.internal.Decimals;

/**
 * The parameters given to a strategy. To read one declares it: what was given and never read is refused. Values are
 * numbers, booleans or texts; a text that reads as the needed type will do. A value that was given without a name, as
 * in {@code shards:2}, is that of the parameter that is read first.
 */
public final class Parameters {
    /** The name of a value that was given without one. */
    static final String UNNAMED = "";

    private final String strategy;
    private final Map<String, ?> given;
    private final Map<String, Object> read = new LinkedHashMap<>();

    Parameters(String strategy, Map<String, ?> given) {
        this.strategy = strategy;
        this.given = given;
    }

    /** Returns a number, or the default if it was not given. */
    public double number(String name, double defaultValue) {
        return value(name, defaultValue, "a number", Decimals::parse);
    }

    /** Returns a whole number, or the default if it was not given. */
    public int integer(String name, int defaultValue) {
        return value(name, defaultValue, "a whole number", Integer::valueOf);
    }

    /** Returns true or false, or the default if it was not given. */
    public boolean flag(String name, boolean defaultValue) {
        return value(name, defaultValue, "true or false", text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        });
    }

    /** Returns a text, or the default if it was not given. */
    public String text(String name, String defaultValue) {
        return value(name, defaultValue, "a text", text -> text);
    }

    /**
     * Returns numbers, written with spaces between them.
     *
     * @param defaultValue the numbers if none were given, as they are written
     */
    public List<Double> numbers(String name, String defaultValue) {
        return parsed(name, defaultValue, "numbers with spaces between them", text -> list(text, Decimals::parse));
    }

    /**
     * Returns lists of numbers, written with spaces between numbers and slashes between lists; no list for an empty
     * text.
     *
     * @param defaultValue the lists if none were given, as they are written
     */
    public List<List<Double>> numberLists(String name, String defaultValue) {
        return parsed(
                name,
                defaultValue,
                "numbers with spaces between them, and slashes between lists",
                text -> lists(text, Decimals::parse));
    }

    /**
     * Returns lists of whole numbers, written with spaces between numbers and slashes between lists; no list for an
     * empty text.
     *
     * @param defaultValue the lists if none were given, as they are written
     */
    public List<List<Integer>> integerLists(String name, String defaultValue) {
        return parsed(
                name,
                defaultValue,
                "whole numbers with spaces between them, and slashes between lists",
                text -> lists(text, Integer::valueOf));
    }

    private static <T> List<T> list(String text, Function<String, T> parse) {
        return Arrays.stream(text.strip().split("\\s+")).map(parse).toList();
    }

    private static <T> List<List<T>> lists(String text, Function<String, T> parse) {
        return text.isBlank()
                ? List.of()
                : Arrays.stream(text.split("/", -1))
                        .map(one -> list(one, parse))
                        .toList();
    }

    /** Reads a value whose default is shown as it is written. */
    private <T> T parsed(String name, String defaultValue, String rule, Function<String, T> parse) {
        String text = value(name, defaultValue, rule, given -> {
            Objects.requireNonNull(parse.apply(given));
            return given;
        });
        return parse.apply(text);
    }

    /** Returns one constant of an enumeration, or the default if none was given; its name may be in lower case. */
    public <E extends Enum<E>> E choice(String name, E defaultValue) {
        E[] constants = defaultValue.getDeclaringClass().getEnumConstants();
        String known = Arrays.stream(constants)
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", ", "one of [", "]"));
        return value(
                name,
                defaultValue,
                known,
                text -> Enum.valueOf(defaultValue.getDeclaringClass(), text.toUpperCase(Locale.ROOT)));
    }

    private <T> T value(String name, T defaultValue, String rule, Function<String, T> parse) {
        boolean first = read.isEmpty();
        read.put(name, defaultValue);
        Object value = first && given.containsKey(UNNAMED) ? given.get(UNNAMED) : given.get(name);
        Check.that(
                !(first && given.containsKey(UNNAMED) && given.containsKey(name)),
                strategy + ": " + name,
                "given once",
                given.get(name));
        if (value == null) {
            return defaultValue;
        }
        try {
            return parse.apply(value.toString());
        } catch (IllegalArgumentException e) {
            throw new InvalidSettingException(strategy + ": " + name, rule, value, List.of(), e);
        }
    }

    /** What was read, with its default. */
    Map<String, Object> read() {
        return read;
    }
}
