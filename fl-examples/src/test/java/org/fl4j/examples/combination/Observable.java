package org.fl4j.examples.combination;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Something that a run shows if one half of a part was at work, and does not show otherwise.
 *
 * @param what it is, for people
 * @param isSeen looks for it
 */
record Observable(String what, Predicate<Trial> isSeen) {
    private static final double SOME = 1e-12;

    /** The server remembers an array of this name that is not zero. */
    static Observable serverRemembers(String prefix) {
        return new Observable(
                "the server remembers " + prefix,
                trial -> trial.outcome().last().tensors().entrySet().stream()
                        .anyMatch(entry -> entry.getKey().startsWith(prefix) && !isZero(entry.getValue())));
    }

    /** A client keeps an array of this name that is not zero. */
    static Observable clientsKeep(String name) {
        return new Observable(
                "clients keep " + name,
                trial -> trial.outcome().kept().values().stream()
                        .anyMatch(own -> own.containsKey(name) && !isZero(own.get(name))));
    }

    /** A client keeps a whole model that is not the server's. */
    static Observable clientsKeepModel(String name) {
        return new Observable(
                "models that clients keep differ from the server's",
                trial -> trial.outcome().kept().values().stream()
                        .anyMatch(own -> own.containsKey(name)
                                && !own.get(name).equals(trial.outcome().last().model())));
    }

    /** A client keeps parameters that are not those of the server's model. */
    static Observable clientsKeepLayers() {
        return new Observable(
                "layers that clients keep differ from the server's",
                trial -> trial.outcome().kept().values().stream()
                        .flatMap(own -> own.entrySet().stream())
                        .anyMatch(entry -> trial.outcome().last().parameters().entrySet().stream()
                                .anyMatch(server -> server.getKey().equals(entry.getKey())
                                        && !server.getValue().equals(entry.getValue()))));
    }

    /** All clients of the first round measured this, and it is in range for some. */
    static Observable clientsMeasure(String metric, Predicate<Double> range) {
        return new Observable("clients measure " + metric, trial -> {
            Map<String, Double> measured = trial.outcome().ofFirstClients(metric);
            return !measured.isEmpty()
                    && measured.size()
                            == trial.outcome().history().get(0).clients().size()
                    && measured.values().stream().anyMatch(range);
        });
    }

    /** Clients of the first round measured something else than in another run. */
    static Observable clientsDiffer(String metric, String than, Function<Trial, Outcome> other) {
        return new Observable(
                "clients measure another " + metric + " than " + than,
                trial -> !trial.outcome()
                        .ofFirstClients(metric)
                        .equals(other.apply(trial).ofFirstClients(metric)));
    }

    /** The round's metric is positive and finite. */
    static Observable roundsMeasure(String metric) {
        return new Observable(
                "rounds measure " + metric,
                trial -> trial.outcome().metric(metric) > SOME
                        && trial.outcome().metric(metric) < Double.POSITIVE_INFINITY);
    }

    /** The model is not that of another run: a weak sign, for parts that leave no other. */
    static Observable modelDiffers(String than, Function<Trial, Outcome> other) {
        return new Observable(
                "the model is another than " + than,
                trial -> !trial.outcome()
                        .last()
                        .model()
                        .equals(other.apply(trial).last().model()));
    }

    /** The same, of a run with other parameters of the part. */
    static Observable modelDiffersFrom(String settings) {
        return modelDiffers("with " + settings, trial -> trial.with(settings));
    }

    /** Clients of the first round send fewer bytes than in another run. */
    static Observable sendsLess(String than, Function<Trial, Outcome> other) {
        return new Observable(
                "clients send fewer bytes than " + than,
                trial -> trial.outcome().history().get(0).bytesUp()
                        < other.apply(trial).history().get(0).bytesUp());
    }

    /** Returns this and another. */
    Observable and(Observable other) {
        return new Observable(what + ", and " + other.what, isSeen.and(other.isSeen));
    }

    /** Returns the root of the mean squared difference of two runs' models. */
    static double distance(Outcome one, Outcome other) {
        FloatBuffer first = one.last().model();
        FloatBuffer second = other.last().model();
        double sum = 0;
        for (int i = 0; i < first.capacity(); i++) {
            double difference = (double) first.get(i) - second.get(i);
            sum += difference * difference;
        }
        return Math.sqrt(sum / first.capacity());
    }

    private static boolean isZero(FloatBuffer values) {
        for (int i = 0; i < values.capacity(); i++) {
            if (values.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return what;
    }
}
