package org.fl4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.fl4j.random.Seed;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.registry.StrategyRegistry;

/** The names of partitioners, and of the data sets that need no files. */
public final class DataStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                partitioner("iid", p -> Partitioners.iid()),
                partitioner("shards", p -> Partitioners.shards(p.integer("shards", 2))),
                partitioner(
                        "dirichlet",
                        p -> Partitioners.dirichlet(p.number("concentration", 0.5), p.integer("minimum", 1))),
                partitioner("client-dirichlet", p -> Partitioners.clientDirichlet(p.number("concentration", 0.5))),
                partitioner("classes", p -> Partitioners.classesPerClient(p.integer("classes", 2))),
                partitioner(
                        "class-pools",
                        p -> Partitioners.classPools(
                                p.integerLists("pools", "0 1 2 3 4 / 5 6 7 8 9"), p.integer("classes", 2))),
                partitioner(
                        "class-ratios",
                        p -> Partitioners.classRatios(
                                p.numberLists("ratios", ""), p.numbers("fractions", "1 0.8 0.3"))),
                partitioner("lognormal", p -> Partitioners.logNormalSizes(p.number("sigma", 1))),
                partitioner("quantity", p -> Partitioners.dirichletSizes(p.number("concentration", 0.5))),
                partitioner("linear", p -> Partitioners.linearSizes()),
                partitioner("square", p -> Partitioners.squareSizes()),
                partitioner("exponential", p -> Partitioners.exponentialSizes(p.number("rate", 1))),
                partitioner("owners", p -> Partitioners.owners()),
                partitioner("feature-noise", p -> Partitioners.featureNoise(p.number("deviation", 0.1))),
                partitioner("octants", p -> Partitioners.octants()),
                partitioner("hierarchical", DataStrategies::hierarchical),
                partitioner("file", p -> Partitioners.file(Path.of(p.text("file", "partition.csv")))),
                new NamedStrategy<>(DatasetSource.class, "fcube", p -> {
                    int train = p.integer("train", 4000);
                    int test = p.integer("test", 1000);
                    Seed seed = new Seed(p.integer("seed", 0));
                    return () -> Fcube.generate(train, test, seed);
                }));
    }

    private static NamedStrategy<?> partitioner(String name, Function<Parameters, Partitioner> make) {
        return new NamedStrategy<>(Partitioner.class, name, make);
    }

    private static Partitioner hierarchical(Parameters parameters) {
        int groups = parameters.integer("groups", 5);
        String between = parameters.text("between", "dirichlet");
        String within = parameters.text("within", "iid");
        StrategyRegistry names = StrategyRegistry.load();
        return Partitioners.hierarchical(
                groups, names.parse(Partitioner.class, between), names.parse(Partitioner.class, within));
    }
}
