package org.fl4j.aggregators;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.fl4j.aggregators.asynchronous.FedAsync;
import org.fl4j.aggregators.asynchronous.FedBuff;
import org.fl4j.aggregators.asynchronous.StalenessDiscount;
import org.fl4j.aggregators.decentralised.Decentralised;
import org.fl4j.aggregators.decentralised.NodeStep;
import org.fl4j.aggregators.decentralised.Topologies;
import org.fl4j.aggregators.mira.GraphOfClients;
import org.fl4j.aggregators.mira.Mira;
import org.fl4j.aggregators.mira.RandomClientGraph;
import org.fl4j.aggregators.personal.Apfl;
import org.fl4j.aggregators.personal.Ditto;
import org.fl4j.aggregators.personal.FedBabu;
import org.fl4j.aggregators.personal.FedRep;
import org.fl4j.aggregators.personal.Ifca;
import org.fl4j.aggregators.personal.PFedMe;
import org.fl4j.aggregators.personal.PerFedAvg;
import org.fl4j.aggregators.personal.PersonalLayers;
import org.fl4j.aggregators.personal.Reptile;
import org.fl4j.aggregators.personal.SharingRule;
import org.fl4j.aggregators.robust.Bulyan;
import org.fl4j.aggregators.robust.CenteredClipping;
import org.fl4j.aggregators.robust.CoordinateMedian;
import org.fl4j.aggregators.robust.GeometricMedian;
import org.fl4j.aggregators.robust.Krum;
import org.fl4j.aggregators.robust.NormBounding;
import org.fl4j.aggregators.robust.TrimmedMean;
import org.fl4j.client.ClientQuery;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.random.Seed;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.Algorithm;

/** The names of this module's aggregators, server optimizers and whole algorithms. */
public final class AggregatorStrategies implements StrategyProvider {
    private enum Discounts {
        POLYNOMIAL,
        HINGE,
        CONSTANT
    }

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                aggregator(
                        "fednova",
                        p -> new FedNova(
                                weighting(p, UpdateWeighting.Named.EXAMPLES),
                                p.number("localMomentum", 0),
                                p.number("proximalTerm", 0))),
                aggregator("fedmgda", p -> new FedMgda(p.flag("normalised", true), p.number("epsilon", 1))),
                aggregator("median", p -> new CoordinateMedian()),
                aggregator("trimmed-mean", p -> new TrimmedMean(p.number("share", .1))),
                aggregator("krum", p -> new Krum(p.integer("byzantine", 1), 1)),
                aggregator("multi-krum", p -> new Krum(p.integer("byzantine", 1), p.integer("kept", 2))),
                aggregator("bulyan", p -> new Bulyan(p.integer("byzantine", 1))),
                aggregator(
                        "geometric-median",
                        p -> new GeometricMedian(
                                p.integer("iterations", GeometricMedian.MOST_ITERATIONS),
                                p.number("smoothing", 1e-6),
                                weighting(p, UpdateWeighting.Named.UNIFORM))),
                aggregator(
                        "centered-clipping",
                        p -> new CenteredClipping(p.number("radius", 10), p.integer("iterations", 1))),
                aggregator("norm-bounding", p -> new NormBounding(p.number("bound", 1))),
                aggregator("fedbuff", p -> new FedBuff(discount(p), p.flag("normalised", false))),
                aggregator("fedasync", p -> new FedAsync(p.number("mixing", .6), discount(p))),
                optimizer("fedavgm", p -> new FedAvgM(p.number("learningRate", 1), p.number("momentum", .9))),
                optimizer(
                        "fedadam",
                        p -> new FedAdam(
                                p.number("learningRate", .1),
                                p.number("beta1", .9),
                                p.number("beta2", .99),
                                p.number("adaptivity", 1e-3),
                                p.flag("biasCorrection", false))),
                optimizer(
                        "fedyogi",
                        p -> new FedYogi(
                                p.number("learningRate", .1),
                                p.number("beta1", .9),
                                p.number("beta2", .99),
                                p.number("adaptivity", 1e-3))),
                optimizer(
                        "fedadagrad",
                        p -> new FedAdagrad(
                                p.number("learningRate", .1), p.number("beta1", 0), p.number("adaptivity", 1e-3))),
                algorithm("fedsgd", p -> new FedSgd(p.number("learningRate", .1))),
                algorithm("fedprox", p -> new FedProx(p.number("mu", .1))),
                algorithm("scaffold", p -> new Scaffold(p.choice("option", Scaffold.Option.LOCAL_PATH))),
                algorithm("feddyn", p -> new FedDyn(p.number("alpha", .1))),
                algorithm("mimelite", p -> new MimeLite(p.number("momentum", .9))),
                algorithm("fedlc", p -> new FedLC(p.number("margin", 1))),
                algorithm("fedntd", p -> new FedNtd(p.number("beta", 1), p.number("temperature", 1))),
                algorithm("fedcm", p -> new FedCm(p.number("alpha", .1))),
                algorithm("fedacg", p -> new FedAcg(p.number("momentum", .85), p.number("beta", .01))),
                algorithm("fedsam", p -> new FedSam(p.number("radius", .05))),
                algorithm("fedasam", p -> new FedSam.Adaptive(p.number("radius", .5), p.number("offset", .2))),
                algorithm("mime", p -> new Mime(p.number("momentum", .9))),
                algorithm("moon", p -> new Moon(p.number("mu", 1), p.number("temperature", .5))),
                algorithm(
                        "feddisco", p -> new FedDisco(p.number("a", .5), p.number("b", .1), p.integer("classes", 10))),
                algorithm("qfedavg", p -> new QFedAvg(p.number("q", 1))),
                algorithm("afl", p -> new AgnosticFederatedLearning(p.number("weightRate", .1))),
                algorithm("fedper", p -> PersonalLayers.head(p.integer("layers", 1))),
                algorithm("lg-fedavg", p -> PersonalLayers.body(p.integer("sharedLayers", 1))),
                algorithm("fedbn", p -> PersonalLayers.normalisation()),
                algorithm(
                        "fedrep", p -> new FedRep(SharingRule.lastLayers(p.integer("layers", 1)), training(p, "head"))),
                algorithm("fedbabu", p -> new FedBabu(p.integer("layers", 1), training(p, "tuning"))),
                algorithm("ditto", p -> new Ditto(p.number("lambda", .1))),
                algorithm("apfl", p -> new Apfl(p.number("alpha", .5), p.flag("adaptive", true))),
                algorithm(
                        "pfedme",
                        p -> new PFedMe(
                                p.number("lambda", 15), p.integer("fittingSteps", 5), p.number("personalRate", .05))),
                algorithm("ifca", p -> new Ifca(p.integer("clusters", 2))),
                algorithm("reptile", p -> new Reptile(p.number("stepSize", 1), training(p, "tuning"))),
                algorithm("perfedavg", p -> new PerFedAvg(p.number("innerRate", .01), training(p, "tuning"))),
                algorithm("mira", AggregatorStrategies::mira),
                algorithm("d-psgd", p -> decentralised(p, "ring", NodeStep.D_PSGD)),
                algorithm("d2", p -> decentralised(p, "ring", NodeStep.D2)),
                algorithm("gossip", p -> decentralised(p, "pairs", NodeStep.ADAPT_THEN_COMBINE)),
                algorithm("epidemic", p -> decentralised(p, "redrawn-4", NodeStep.ADAPT_THEN_COMBINE)),
                new NamedStrategy<>(ClientQuery.class, Mime.FullGradient.NAME, p -> new Mime.FullGradient()));
    }

    private static Decentralised decentralised(Parameters parameters, String usual, NodeStep step) {
        double clipping = parameters.number("clipping", 0); // 0 is none
        return new Decentralised(
                Topologies.parse(parameters.text("topology", usual)),
                step,
                clipping == 0 ? OptionalDouble.empty() : OptionalDouble.of(clipping));
    }

    private static NamedStrategy<?> aggregator(String name, Function<Parameters, Aggregator> make) {
        return new NamedStrategy<>(Aggregator.class, name, make);
    }

    private static NamedStrategy<?> optimizer(String name, Function<Parameters, ServerOptimizer> make) {
        return new NamedStrategy<>(ServerOptimizer.class, name, make);
    }

    private static NamedStrategy<?> algorithm(String name, Function<Parameters, Algorithm> make) {
        return new NamedStrategy<>(Algorithm.class, name, make);
    }

    private static UpdateWeighting weighting(Parameters parameters, UpdateWeighting.Named usual) {
        return parameters.choice("weighting", usual);
    }

    private static StalenessDiscount discount(Parameters parameters) {
        double exponent = parameters.number("exponent", .5);
        double slope = parameters.number("slope", 10);
        int free = parameters.integer("free", 4);
        return switch (parameters.choice("discount", Discounts.POLYNOMIAL)) {
            case POLYNOMIAL -> StalenessDiscount.polynomial(exponent);
            case HINGE -> StalenessDiscount.hinge(slope, free);
            case CONSTANT -> StalenessDiscount.constant();
        };
    }

    private static LocalTraining training(Parameters parameters, String prefix) {
        return LocalTraining.sgd(parameters.number(prefix + "LearningRate", .1))
                .epochs(parameters.integer(prefix + "Epochs", 1))
                .batchSize(parameters.integer(prefix + "BatchSize", 10));
    }

    private static Mira mira(Parameters parameters) {
        GraphOfClients graph = new RandomClientGraph(
                parameters.number("threshold", .25), new Seed(parameters.integer("graphSeed", 0)));
        double lambda = parameters.number("lambda", 0); // 0 is share=0, too
        double share = parameters.number("share", .5);
        return new Mira(graph, lambda == 0 ? OptionalDouble.empty() : OptionalDouble.of(lambda), share);
    }
}
