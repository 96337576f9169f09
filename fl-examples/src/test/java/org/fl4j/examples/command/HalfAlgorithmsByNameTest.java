package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.experiments.ExperimentFile;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file names beside an algorithm must leave it whole. */
class HalfAlgorithmsByNameTest {
    @TempDir
    Path directory;

    private void build(String strategies) throws IOException {
        Path file = Files.writeString(
                directory.resolve("experiment.yaml"),
                "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 2\n" + strategies.replace("; ", "\n"));
        try (Dataset digits = Digits.generate(400, 40, new Seed(1))) {
            ExperimentFile.read(file).runs().get(0).spec().builder(digits).build();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "algorithm: scaffold; aggregator: median | aggregator | Scaffold | CoordinateMedian",
                "algorithm: ifca; privacy: central-dp | aggregator | Ifca | that of CentralDp",
                "algorithm: scaffold; privacy: central-dp | aggregator | Scaffold | that of CentralDp",
                "algorithm: feddyn; privacy: dp-ftrl:cohort=4,epochRounds=2 | aggregator | FedDyn | that of DpFtrl",
                "algorithm: qfedavg; privacy: distributed-dp:cohort=4,epochRounds=2 | aggregator | QFedAvg | that of"
                        + " DistributedDp",
                "algorithm: reptile; serverOptimizer: fedadam | serverOptimizer | Reptile | FedAdam",
                "algorithm: fedprox; privacy: dp-sgd | sgdClients | FedProx | that of DpSgd"
            })
    void aPartThatIsReplacedIsNamed(String strategies, String part, String owner, String now) {
        assertThatThrownBy(() -> build(strategies))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(part + " must be that of " + owner
                        + ", whose parts do not work without one another, but was " + now);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "algorithm: fedprox; privacy: central-dp",
                "algorithm: ditto; privacy: central-dp",
                "algorithm: fedprox; aggregator: median",
                "algorithm: scaffold; attack: sign-flip; byzantine: 2",
                "algorithm: scaffold; serverOptimizer: fedadam"
            })
    void whatWorksTogetherIsBuilt(String strategies) {
        assertThatCode(() -> build(strategies)).doesNotThrowAnyException();
    }

    @Test
    void fedNovaComparesItsNormaliserWithTheTraining() {
        assertThatThrownBy(() -> build("aggregator: fednova; training: {momentum: 0.9}"))
                .hasMessage("optimizer of clients under FedNova must be SGD with the momentum that it normalises for,"
                        + " localMomentum = 0.0, but was Sgd[momentum=0.9, weightDecay=0.0]");
        assertThatThrownBy(() -> build("algorithm: mira; aggregator: median"))
                .hasMessage("aggregator under MIRA must be left out, for its server couples the models itself, but was"
                        + " CoordinateMedian");
    }
}
