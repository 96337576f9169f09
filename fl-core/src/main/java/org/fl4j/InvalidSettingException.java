package org.fl4j;

import java.util.List;

/**
 * A setting or argument breaks a rule. The message is {@code name must be rule, but was value}; for one of a few values
 * it ends with the closest of them, if one is close.
 */
public final class InvalidSettingException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final String name;
    private final String rule;
    private final String value;
    private final List<String> options;

    /**
     * Says which rule was broken.
     *
     * @param name what was refused, such as {@code cohortSize} or {@code aggregator under MIRA}
     * @param rule what it must be, such as {@code at least 1}
     * @param value what it was
     * @param options the values that there are, if it is one of a few; else empty
     * @param cause what refused it, or null
     */
    public InvalidSettingException(String name, String rule, Object value, List<String> options, Throwable cause) {
        super(name + " must be " + rule + ", but was " + value + suggestion(String.valueOf(value), options), cause);
        this.name = name;
        this.rule = rule;
        this.value = String.valueOf(value);
        this.options = List.copyOf(options);
    }

    private static String suggestion(String value, List<String> options) {
        return ClosestName.to(value, options)
                .map(closest -> "; did you mean " + closest + "?")
                .orElse("");
    }

    /** Says which rule was broken. */
    public InvalidSettingException(String name, String rule, Object value) {
        this(name, rule, value, List.of(), null);
    }

    /** Returns the same exception for something that has this setting: its name begins with a prefix. */
    public InvalidSettingException within(String prefix) {
        return new InvalidSettingException(prefix + name, rule, value, options, this);
    }

    /** Returns what was refused. */
    public String name() {
        return name;
    }

    /** Returns what it must be. */
    public String rule() {
        return rule;
    }

    /** Returns what it was, as text. */
    public String value() {
        return value;
    }

    /** Returns the values that there are, if it must be one of a few; else none. */
    public List<String> options() {
        return options;
    }
}
