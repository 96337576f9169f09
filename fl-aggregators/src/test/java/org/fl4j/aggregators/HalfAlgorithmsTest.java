package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.fl4j.aggregators.mira.ClientGraph;
import org.fl4j.aggregators.mira.Mira;
import org.fl4j.aggregators.personal.Ditto;
import org.fl4j.aggregators.personal.Ifca;
import org.fl4j.aggregators.robust.CoordinateMedian;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No algorithm runs without one of its parts, whoever took its place and in which order. */
class HalfAlgorithmsTest {
    private static final String TOGETHER = ", whose parts do not work without one another, but was ";
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(160, 40, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run() {
        return SmallRuns.softmax(digits, 4)
                .selector(SmallRuns.FIRST)
                .cohortSize(4)
                .rounds(2);
    }

    private static void assertRefused(UnaryOperator<SimulationBuilder> setting, String message) {
        assertThatThrownBy(() -> setting.apply(run()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void everyAlgorithmWithAnAggregatorOfItsOwnRefusesAnother() {
        StrategyRegistry names = StrategyRegistry.load();
        for (String name :
                new String[] {"scaffold", "feddyn", "mimelite", "mime", "fedcm", "feddisco", "qfedavg", "afl", "ifca"
                }) {
            Algorithm algorithm = names.create(Algorithm.class, name, Map.of());
            assertRefused(
                    run -> run.algorithm(algorithm).aggregator(new CoordinateMedian()),
                    "aggregator must be that of " + algorithm.getClass().getSimpleName() + TOGETHER
                            + "CoordinateMedian");
            assertThatCode(() -> run().aggregator(new CoordinateMedian())
                            .algorithm(algorithm)
                            .build())
                    .as(name + " replaces what was set before, whole")
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void clientsThatTakeThePlaceOfAnAlgorithmsAreRefused() {
        assertRefused(
                run -> run.algorithm(new Scaffold()).sgdClients(SgdClient::new),
                "sgdClients must be that of Scaffold" + TOGETHER + "a lambda of HalfAlgorithmsTest");
        LocalTraining training = LocalTraining.sgd(.1);
        String own = "sgdClients must be that of FedProx" + TOGETHER
                + "a lambda of HalfAlgorithmsTest, which clients() sets";
        assertRefused(
                run -> run.algorithm(new FedProx(1)).clients((id, worker) -> new SgdClient(id, worker, training)), own);
        assertRefused(
                run -> run.clients((id, worker) -> new SgdClient(id, worker, training))
                        .algorithm(new FedProx(1)),
                own);
        assertRefused(
                run -> run.algorithm(new FedSgd(.1)).training(LocalTraining.sgd(.2)),
                "training must be that of FedSgd" + TOGETHER + "LocalTraining");
    }

    @Test
    void oneAlgorithmDoesNotDropAnother() {
        assertRefused(
                run -> run.algorithm(new Scaffold()).algorithm(new FedDyn(.1)),
                "aggregator must be that of Scaffold" + TOGETHER + "that of FedDyn");
        assertRefused(
                run -> run.algorithm(new Ditto(.1)).algorithm(new Ifca(2)),
                "sgdClients must be that of Ditto" + TOGETHER + "that of Ifca");
        Algorithm foreign = builder -> builder.aggregator(new CoordinateMedian());
        assertRefused(
                run -> run.algorithm(foreign).algorithm(builder -> builder.aggregator(new FedAvg())),
                "aggregator must be that of a lambda of HalfAlgorithmsTest" + TOGETHER
                        + "that of a lambda of HalfAlgorithmsTest");
    }

    @Test
    void clientsOfAnAlgorithmGoWithAnyAggregator() {
        Algorithm median = builder -> builder.aggregator(new CoordinateMedian());
        try (RunResult after = run().algorithm(new FedProx(1))
                        .aggregator(new CoordinateMedian())
                        .build()
                        .run();
                RunResult first = run().algorithm(median)
                        .algorithm(new FedProx(1))
                        .build()
                        .run();
                RunResult second = run().algorithm(new FedProx(1))
                        .algorithm(median)
                        .build()
                        .run()) {
            assertThat(first.stateSha256()).isEqualTo(after.stateSha256());
            assertThat(second.stateSha256()).isEqualTo(after.stateSha256());
        }
    }

    @Test
    void anAggregatorAroundAnAlgorithmsLeavesItWhole() {
        try (RunResult flat = run().algorithm(new Scaffold()).build().run();
                RunResult tiers = run().aroundAggregator(inner -> new Hierarchical(inner, 1))
                        .algorithm(new Scaffold())
                        .build()
                        .run()) {
            assertThat(tiers.stateSha256()).isEqualTo(flat.stateSha256());
        }
    }

    @Test
    void ifcaRefusesAServerOptimizerThatNoClientWouldSee() {
        assertRefused(
                run -> run.algorithm(new Ifca(2)).serverOptimizer(new FedAdam(.1)),
                "serverOptimizer under IFCA must be left out, for each cluster is the mean of its own models, but was"
                        + " FedAdam");
    }

    @Test
    void fedSgdRefusesAPullThatHasNoEffectInOneStep() {
        String message = "proximalTerm of clients under FedSGD must be 0, for it pulls to the model that the one step"
                + " starts from, but was 1.0";
        assertRefused(run -> run.algorithm(new FedSgd(.1)).algorithm(new FedProx(1)), message);
        assertRefused(run -> run.algorithm(new FedProx(1)).algorithm(new FedSgd(.1)), message);
    }

    /** The server's models and what clients keep are in slots of their own. */
    @ParameterizedTest
    @ValueSource(strings = {"ditto", "apfl", "pfedme"})
    void miraGoesWithClientsThatKeepModelsOfTheirOwn(String name, @TempDir Path directory) {
        Algorithm personal = StrategyRegistry.load().create(Algorithm.class, name, Map.of());
        Mira mira = new Mira(ClientGraph.random(4, .25, new Seed(0)), .01);
        try (RunResult both = run().algorithm(personal)
                        .algorithm(mira)
                        .aggregator(new FedAvg())
                        .clientStates(directory)
                        .build()
                        .run();
                RunResult alone = run().algorithm(mira).build().run()) {
            assertThat(both.history().get(1).clients()).hasSize(4);
            assertThat(alone.history().get(1).clients()).hasSize(4);
        }
        for (String slot : List.of("mira", "personal-model")) {
            for (int client = 0; client < 4; client++) {
                assertThat(directory.resolve(client + "/" + slot + "/round-000002.safetensors"))
                        .exists();
            }
        }
    }

    /** Case 12: what it divides by depends on the local optimizer. */
    @Test
    void fedNovaRefusesTrainingThatItDoesNotNormaliseFor() {
        String rule = "optimizer of clients under FedNova must be SGD with the momentum that it normalises for,"
                + " localMomentum = 0.0, but was ";
        ClientOptimizer.Sgd momentum = new ClientOptimizer.Sgd(.9, 0);
        assertRefused(
                run -> run.aggregator(new FedNova())
                        .training(LocalTraining.sgd(.1).optimizer(momentum)),
                rule + "Sgd[momentum=0.9, weightDecay=0.0]");
        assertRefused(
                run -> run.training(LocalTraining.adam(.001)).aggregator(new Hierarchical(new FedNova(), 2)),
                rule + "Adam[beta1=0.9, beta2=0.999, epsilon=1.0E-8, weightDecay=0.0]");
        assertRefused(
                run -> run.aggregator(new FedNova())
                        .training(LocalTraining.sgd(.1).proximalTerm(.5)),
                "proximalTerm of clients under FedNova must be the one that it normalises for, proximalTerm = 0.0, but"
                        + " was 0.5");
        assertRefused(
                run -> run.aggregator(new FedNova()).algorithm(new FedProx(.1)).aggregator(new FedNova()),
                "proximalTerm of clients under FedNova must be the one that it normalises for, proximalTerm = 0.0, but"
                        + " was 0.1");
        run().algorithm(new FedProx(.1))
                .aggregator(new FedNova(UpdateWeighting.byExampleCount(), 0, .1))
                .build();
        run().training(LocalTraining.sgd(.1).optimizer(momentum))
                .aggregator(new FedNova(UpdateWeighting.byExampleCount(), .9))
                .build();
    }
}
