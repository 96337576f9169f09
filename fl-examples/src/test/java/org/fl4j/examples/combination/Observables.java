package org.fl4j.examples.combination;

import static org.fl4j.examples.combination.Observable.clientsDiffer;
import static org.fl4j.examples.combination.Observable.clientsKeep;
import static org.fl4j.examples.combination.Observable.clientsKeepLayers;
import static org.fl4j.examples.combination.Observable.clientsKeepModel;
import static org.fl4j.examples.combination.Observable.clientsMeasure;
import static org.fl4j.examples.combination.Observable.modelDiffers;
import static org.fl4j.examples.combination.Observable.modelDiffersFrom;
import static org.fl4j.examples.combination.Observable.roundsMeasure;
import static org.fl4j.examples.combination.Observable.sendsLess;
import static org.fl4j.examples.combination.Observable.serverRemembers;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Optional;

/** What each algorithm shows of its halves. A new algorithm must be entered here, or the tests of combinations fail. */
final class Observables {
    private static final String LOSS = "train/loss";
    private static final String RATE = "train/learning rate";
    private static final String EVALUATED = "client/train/loss";

    private static final Map<String, Halves> OF_ALGORITHMS = Map.ofEntries(
            Map.entry("fedsgd", Halves.onClients(clientsDiffer(RATE, "without it", Trial::without))),
            Map.entry("fedprox", Halves.onClients(clientsDiffer(LOSS, "with mu=0", trial -> trial.with("mu=0")))),
            Map.entry("fedlc", Halves.onClients(clientsDiffer(LOSS, "with margin=0", trial -> trial.with("margin=0")))),
            Map.entry("fedntd", Halves.onClients(modelDiffersFrom("beta=0"))),
            Map.entry("scaffold", Halves.of(serverRemembers("scaffold/control"), clientsKeep("scaffold/control"))),
            Map.entry("feddyn", Halves.of(serverRemembers("feddyn/linear"), clientsKeep("feddyn/linear"))),
            Map.entry(
                    "mimelite",
                    Halves.of(serverRemembers("mimelite/momentum"), clientsDiffer(RATE, "without it", Trial::without))),
            Map.entry("fedcm", Halves.onServer(serverRemembers("fedcm/direction"))),
            Map.entry("fedacg", Halves.of(serverRemembers("fedacg/momentum"), modelDiffersFrom("beta=1"))),
            Map.entry("fedsam", Halves.onClients(modelDiffersFrom("radius=1e-9"))),
            Map.entry("fedasam", Halves.onClients(modelDiffersFrom("radius=1e-9"))),
            Map.entry("mime", Halves.onServer(serverRemembers("mime/control").and(serverRemembers("mime/momentum")))),
            Map.entry("moon", Halves.onClients(clientsKeep("moon/model").and(modelDiffersFrom("mu=0")))),
            Map.entry("feddisco", Halves.onServer(modelDiffersFrom("a=0"))),
            Map.entry("fedbabu", Halves.onClients(evaluationDiffersFrom("tuningLearningRate=1e-6"))),
            Map.entry("d-psgd", nodes()),
            Map.entry("d2", nodes()),
            Map.entry("gossip", nodes()),
            Map.entry("epidemic", nodes()),
            Map.entry("signsgd", Halves.onServer(modelDiffersFrom("learningRate=.002"))),
            Map.entry("ef21", Halves.of(serverRemembers("ef21/estimate"), clientsKeep("ef21/estimate"))),
            Map.entry(
                    "fetchsgd", Halves.of(serverRemembers("fetchsgd/error"), sendsLess("without it", Trial::without))),
            Map.entry("qfedavg", Halves.of(modelDiffersFrom("q=0"), clientsMeasure("received/loss", loss -> loss > 0))),
            Map.entry(
                    "afl",
                    Halves.of(
                            new Observable("weights of clients differ", trial -> differInside(trial, "afl/weights")),
                            clientsMeasure("received/loss", loss -> loss > 0))),
            Map.entry("fedper", Halves.onClients(clientsKeepLayers())),
            Map.entry("lg-fedavg", Halves.onClients(clientsKeepLayers())),
            Map.entry("fedbn", Halves.onClients(clientsKeepLayers())),
            Map.entry("fedrep", Halves.onClients(clientsKeepLayers())),
            Map.entry("ditto", Halves.onClients(clientsKeepModel("personal/model"))),
            Map.entry("apfl", Halves.onClients(clientsKeepModel("personal/model"))),
            Map.entry("pfedme", Halves.onClients(clientsKeepModel("personal/model"))),
            Map.entry(
                    "ifca",
                    Halves.of(
                            new Observable("the server's clusters move", Observables::clustersMove),
                            clientsMeasure("ifca/cluster", cluster -> cluster >= 0))),
            Map.entry(
                    "reptile",
                    Halves.of(
                            modelDiffersFrom("stepSize=1"),
                            evaluationDiffersFrom("stepSize=.5,tuningLearningRate=1e-6"))),
            Map.entry(
                    "perfedavg",
                    Halves.onClients(modelDiffersFrom("innerRate=0")
                            .and(evaluationDiffersFrom("innerRate=.05,tuningLearningRate=1e-6")))),
            Map.entry(
                    "mira",
                    Halves.of(
                            modelDiffersInKept("mira/model", "threshold=.1,share=0"), clientsKeepModel("mira/model"))),
            Map.entry("fedavg", Halves.onServer(new Observable("the model moves", Observables::modelMoves))),
            Map.entry(
                    "gradient-clipping",
                    Halves.onClients(clientsMeasure("train/clipping coefficient", share -> share < 1))),
            Map.entry(
                    "central-dp",
                    Halves.of(
                            roundsMeasure("privacy/epsilon").and(Noise.centralDp()),
                            clientsMeasure("privacy/below bound", below -> below >= 0))),
            Map.entry(
                    "dp-ftrl",
                    Halves.of(
                            roundsMeasure("privacy/epsilon").and(Noise.dpFtrl()),
                            clientsMeasure("train/clipped", share -> share >= 0))),
            Map.entry(
                    "distributed-dp",
                    Halves.of(
                            roundsMeasure("privacy/epsilon").and(roundsMeasure("secure/unmasked")), Noise.drawnAnew())),
            Map.entry(
                    "local-dp",
                    Halves.of(
                            roundsMeasure("privacy/epsilon").and(serverRemembers("privacy/accounts")),
                            clientsMeasure("privacy/noise scale", scale -> scale > 0)
                                    .and(Noise.drawnAnew()))),
            Map.entry(
                    "dp-sgd",
                    Halves.of(
                            roundsMeasure("privacy/epsilon").and(serverRemembers("privacy/accounts")),
                            clientsMeasure("privacy/noise scale", scale -> scale > 0)
                                    .and(Noise.drawnAnew()))));

    private Observables() {}

    private static Halves nodes() {
        return Halves.of(roundsMeasure("decentralised/consensus distance"), clientsKeepModel("decentralised/model"));
    }

    /** Returns what is declared for a part, if anything is. */
    static Optional<Halves> of(Part part) {
        return switch (part.kind()) {
            case NONE -> Optional.of(new Halves(Optional.empty(), Optional.empty()));
            case ALGORITHM -> Optional.ofNullable(OF_ALGORITHMS.get(part.name()));
            case AGGREGATOR -> Optional.of(Halves.onServer(ofAggregator(part.name())));
            case SERVER_OPTIMIZER ->
                Optional.of(Halves.onServer(
                        part.name().equals("plain")
                                ? modelDiffersFrom("learningRate=1")
                                : serverRemembers(part.name() + "/")));
            case SELECTOR -> Optional.of(Halves.onServer(ofSelector(part.name())));
            case TRANSFORM -> Optional.of(Halves.onClients(clientsMeasure("train/clipped", share -> share > 0)));
            case CODEC -> Optional.of(Halves.onClients(ofCodec(part.name())));
            case ATTACK -> Optional.of(Halves.onClients(modelDiffers("without it", Trial::without)));
            case CLOCK -> Optional.of(Halves.onServer(ofClock(part.name())));
        };
    }

    private static Observable ofAggregator(String name) {
        Observable otherThanMean = modelDiffers("of the plain mean", trial -> trial.instead(Parts.plainMean()));
        return switch (name) {
            case "fedavg" -> new Observable("the model moves", Observables::modelMoves);
            case "fedbuff", "fedasync" -> modelDiffersFrom("discount=constant");
            case "norm-bounding" -> modelDiffersFrom("bound=1e9");
            case "centered-clipping" -> modelDiffersFrom("radius=1e9").and(serverRemembers("centeredclipping/center"));
            default -> otherThanMean;
        };
    }

    private static Observable ofCodec(String name) {
        Observable loss = modelDiffers("without it", Trial::without);
        return name.equals("threshold") // of large noise it keeps nearly all, and sends positions too
                ? loss
                : loss.and(sendsLess("without it", Trial::without));
    }

    private static Observable ofSelector(String name) {
        Part other = Parts.selector(name.equals("uniform") ? "round-robin" : "uniform");
        Observable cohorts = new Observable(
                "cohorts are other than with " + other.name(),
                trial -> !Outcome.cohorts(trial.outcome()).equals(Outcome.cohorts(trial.instead(other))));
        return switch (name) {
            case "uniform", "weighted", "poisson", "oort-testing" -> cohorts;
            default -> cohorts.and(serverRemembers(name + "/"));
        };
    }

    private static Observable ofClock(String name) {
        return switch (name) {
            case "adaptive-training" ->
                roundsMeasure("adaptation/batch size").and(clientsDiffer(LOSS, "without it", Trial::without));
            case "over-commitment" ->
                roundsMeasure("time/seconds")
                        .and(new Observable(
                                "five of eight clients are waited for",
                                trial -> trial.outcome().history().stream()
                                        .allMatch(report -> report.cohort().size() == 8
                                                && report.clients().size() == 5)));
            default -> roundsMeasure("time/seconds");
        };
    }

    private static Observable evaluationDiffersFrom(String settings) {
        return new Observable(
                "models that clients are evaluated with are other than with " + settings,
                trial -> trial.outcome().metric(EVALUATED)
                        != trial.with(settings).metric(EVALUATED));
    }

    private static Observable modelDiffersInKept(String name, String settings) {
        return new Observable(
                "models of clients are other than with " + settings,
                trial -> trial.outcome().kept().entrySet().stream()
                        .anyMatch(client -> !client.getValue()
                                .get(name)
                                .equals(trial.with(settings)
                                        .kept()
                                        .get(client.getKey())
                                        .get(name))));
    }

    private static boolean differInside(Trial trial, String tensor) {
        FloatBuffer values = trial.outcome().last().tensors().get(tensor);
        for (int i = 1; values != null && i < values.capacity(); i++) {
            if (values.get(i) != values.get(0)) {
                return true;
            }
        }
        return false;
    }

    private static boolean modelMoves(Trial trial) {
        return !trial.outcome()
                .states()
                .get(0)
                .model()
                .equals(trial.outcome().last().model());
    }

    private static boolean clustersMove(Trial trial) {
        Map<String, FloatBuffer> first = trial.outcome().states().get(0).tensors();
        Map<String, FloatBuffer> last = trial.outcome().last().tensors();
        return first.keySet().stream()
                .anyMatch(name ->
                        name.startsWith("ifca/cluster") && !first.get(name).equals(last.get(name)));
    }
}
