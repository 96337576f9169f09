package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.model.TorchScriptFile;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class TorchScriptRunTest extends TensorTest {
    private static final Shape INPUT = new Shape(1, 28, 28);

    private final Dataset digits = Fixtures.digits();

    private static LearningTask task(String name) throws URISyntaxException {
        Path file = Path.of(
                TorchScriptRunTest.class.getResource("/torchscript/" + name).toURI());
        return LearningTask.classification(new TorchScriptFile(file), INPUT);
    }

    @Test
    void trainsAFileToTheSameModelOnOneWorkerAndOnThree() throws URISyntaxException {
        SimulationBuilder run = Fixtures.softmaxRun(digits)
                .task(task("net.pt"))
                .training(LocalTraining.sgd(.5).fullBatch().epochs(5))
                .rounds(8);
        try (RunResult one = run.workers(1).build().run();
                RunResult three = run.workers(3).build().run()) {
            assertThat(three.modelSha256()).isEqualTo(one.modelSha256());
            List<RoundReport> rounds = one.history();
            assertThat(rounds.get(7).metrics().value("test/loss"))
                    .isLessThan(.9 * rounds.get(0).metrics().value("test/loss"));
        }
    }

    @Test
    void trainsAFileOfACurrentPyTorch() throws URISyntaxException {
        SimulationBuilder run = Fixtures.softmaxRun(digits)
                .task(task("plain213.pt"))
                .training(LocalTraining.sgd(.5).fullBatch().epochs(5))
                .rounds(4);
        try (RunResult one = run.workers(1).build().run();
                RunResult three = run.workers(3).build().run()) {
            assertThat(three.modelSha256()).isEqualTo(one.modelSha256());
            List<RoundReport> rounds = one.history();
            assertThat(rounds.get(3).metrics().value("test/loss"))
                    .isLessThan(.9 * rounds.get(0).metrics().value("test/loss"));
        }
    }

    @Test
    void trainsAFileAsTheSameNetworkOfLayers() throws URISyntaxException {
        LearningTask layers = LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.Dense(5), new Layer.Relu(), new Layer.Dense(10)), INPUT);
        SimulationBuilder run = Fixtures.softmaxRun(digits);
        try (FederatedModel model = new FederatedModel(layers);
                FederatedModel file = new FederatedModel(task("traced.pt"))) {
            ParameterVector initial = ParameterVector.zeros(model.layout(), manager);
            Kernels.copy(file.initial(new Seed(1), manager).floats(), initial.floats());
            try (RunResult own = run.task(task("traced.pt")).build().run();
                    RunResult compiled =
                            run.task(layers).initialModel(initial).build().run()) {
                assertThat(own.state()
                                .model()
                                .floats()
                                .sub(compiled.state().model().floats())
                                .abs()
                                .max()
                                .getFloat())
                        .isBetween(Float.MIN_VALUE, 2e-5f);
            }
        }
    }
}
