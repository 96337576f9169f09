package org.fl4j.experiments;

import java.util.List;
import java.util.Optional;
import org.fl4j.InvalidSettingException;
import org.fl4j.internal.Check;
import org.fl4j.internal.Decimals;
import org.fl4j.registry.StrategyRegistry;

/**
 * One field of an experiment. {@link FieldTable} has all of them: files, the command line, the schema and the pages are
 * made of it.
 *
 * @param path such as {@code data.clients}
 * @param type what its values are
 * @param kind of a strategy's name, what it is a name of
 * @param rule which values are allowed
 * @param choices the allowed texts, if there are few
 * @param usual the default, in words for people; empty if the field has none
 * @param changesResults whether results may depend on it, so that runs with other values are other runs
 * @param meaning what it is for, in one sentence
 */
public record Field(
        String path,
        Type type,
        Optional<Class<?>> kind,
        Rule rule,
        List<String> choices,
        String usual,
        boolean changesResults,
        String meaning) {
    /** What the values of a field are. */
    public enum Type {
        /** Any text. */
        TEXT("text"),
        /** A whole number. */
        WHOLE("a whole number"),
        /** A number. */
        NUMBER("a number"),
        /** True or false. */
        YES_OR_NO("true or false"),
        /** The name of a strategy, with its parameters. */
        NAME("text"),
        /** A list of names of strategies. */
        NAMES("a list of names");

        private final String words;

        Type(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    /** Which numbers a field allows. */
    public enum Rule {
        /** All of its type. */
        ANY,
        /** Whole numbers from 1. */
        FROM_ONE,
        /** Whole numbers from 0. */
        FROM_ZERO,
        /** Numbers above 0. */
        POSITIVE,
        /** Numbers from 0. */
        NOT_NEGATIVE,
        /** Numbers in [0, 1). */
        FRACTION,
        /** Numbers in (0, 1]. */
        SHARE,
        /** Numbers from 1. */
        FACTOR
    }

    /** Returns the last part of the path, by which errors name the field. */
    public String name() {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /** Returns the parts of the path. */
    List<String> parts() {
        return List.of(path.split("\\.", -1));
    }

    /**
     * Returns a value as it is compared and stored: numbers in one form, other values as they are.
     *
     * @throws InvalidSettingException if it is not of the type, or breaks the rule
     */
    public String checked(String value) {
        return checked(value, StrategyRegistry.load());
    }

    String checked(String value, StrategyRegistry names) {
        return switch (type) {
            case WHOLE -> String.valueOf(whole(value));
            case NUMBER -> String.valueOf(number(value));
            case YES_OR_NO -> Check.that(value.equals("true") || value.equals("false"), "value", type.words(), value);
            case NAME, NAMES -> {
                names.parse(kind.orElseThrow(), value);
                yield value;
            }
            case TEXT -> choices.isEmpty() ? value : Check.oneOf(name(), choices, value);
        };
    }

    private long whole(String text) {
        long value;
        try {
            value = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new InvalidSettingException("value", type.words(), text, List.of(), e);
        }
        if (rule != Rule.ANY) {
            Check.that(value >= Integer.MIN_VALUE && value <= Integer.MAX_VALUE, "value", type.words(), value);
            Check.atLeast(name(), rule == Rule.FROM_ONE ? 1 : 0, (int) value);
        }
        return value;
    }

    private double number(String text) {
        double value;
        try {
            value = Decimals.parse(text);
        } catch (NumberFormatException e) {
            throw new InvalidSettingException("value", type.words(), text, List.of(), e);
        }
        return switch (rule) {
            case POSITIVE -> Check.positive(name(), value);
            case NOT_NEGATIVE -> Check.notNegative(name(), value);
            case FRACTION -> Check.fraction(name(), value);
            case SHARE -> Check.share(name(), value);
            case FACTOR -> Check.that(value >= 1, name(), "at least 1", value);
            case ANY, FROM_ONE, FROM_ZERO -> value;
        };
    }
}
