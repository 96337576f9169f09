package org.fl4j.message;

import java.util.Set;
import org.fl4j.internal.Check;

/**
 * The name and type of something that an update says of its training and that rules go by, such as the loss that Oort
 * chooses clients by. Whoever needs a fact defines it, as a constant; the library's own are in {@link TrainingFacts}
 * and {@link org.fl4j.world.ClientTimes}. Numbers that only people look at are {@link org.fl4j.metrics.Metrics}
 * instead.
 *
 * @param name with the prefix of whoever defines it, such as {@code train/loss}
 * @param type {@code Double}, {@code Long}, {@code Boolean} or {@code String}
 * @param source where the value comes from
 */
public record Fact<T>(String name, Class<T> type, Source source) implements Comparable<Fact<?>> {
    private static final Set<Class<?>> TYPES = Set.of(Double.class, Long.class, Boolean.class, String.class);

    /** Where a value comes from. Local differential privacy withholds what comes from data. */
    public enum Source {
        /** How the client was set up to train. Whoever defines such a fact vouches that it tells nothing of data. */
        SETTING,
        /** The client's data. */
        DATA,
        /** The server, which knows it of the client: a client cannot send it. */
        SERVER
    }

    /** Checks name, type and source. */
    public Fact {
        Check.present("name", name);
        Check.that(!name.isBlank(), "name of a fact", "a text", name);
        Check.present("type", type);
        Check.that(TYPES.contains(type), "type of fact " + name, "Double, Long, Boolean or String", type.getName());
        Check.present("source", source);
    }

    /** Returns a number that the client's settings make. */
    public static Fact<Double> ofSetting(String name) {
        return new Fact<>(name, Double.class, Source.SETTING);
    }

    /** Returns a number that the client's data make. */
    public static Fact<Double> ofData(String name) {
        return new Fact<>(name, Double.class, Source.DATA);
    }

    /** Returns a number that the server knows. */
    public static Fact<Double> ofServer(String name) {
        return new Fact<>(name, Double.class, Source.SERVER);
    }

    /** Orders by name. */
    @Override
    public int compareTo(Fact<?> other) {
        int order = name.compareTo(other.name);
        if (order == 0) {
            order = source.compareTo(other.source);
        }
        return order == 0 ? type.getName().compareTo(other.type.getName()) : order;
    }
}
