package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
            assertThat(three.stateSha256()).isEqualTo(one.stateSha256());
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
            assertThat(three.stateSha256()).isEqualTo(one.stateSha256());
            List<RoundReport> rounds = one.history();
            assertThat(rounds.get(3).metrics().value("test/loss"))
                    .isLessThan(.9 * rounds.get(0).metrics().value("test/loss"));
        }
    }

    @Test
    void refusesWhatCannotTrainWhenTheRunIsBuilt() throws URISyntaxException {
        SimulationBuilder run = Fixtures.softmaxRun(digits);
        assertThatThrownBy(() -> run.task(task("two.pt")).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("forward must take one tensor and return one, but is forward(x: Tensor) ->"
                        + " Tuple[Tensor, Tensor]: ")
                .hasMessageEndingWith("two.pt");
        assertThatThrownBy(() -> run.task(task("frozen.pt")).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("no trainable parameter in ")
                .hasMessageEndingWith("frozen.pt: every parameter is frozen, or there is none");
        LearningTask otherShape =
                LearningTask.classification(task("plain213.pt").architecture(), new Shape(1, 5, 5));
        assertThatThrownBy(() -> new FederatedModel(otherShape))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "module must accept a batch of the task's examples, of shape (8, 1, 5, 5), but RuntimeError: ")
                .hasMessageEndingWith("plain213.pt");
    }

    @Test
    void refusesDropoutThatIsAnArgumentOfAnotherOperation() throws URISyntaxException {
        SimulationBuilder run = Fixtures.softmaxRun(digits);
        for (String name : List.of("lstm_drop.pt", "gru_drop.pt")) {
            assertThatThrownBy(() -> run.task(task(name)).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("module must be without random operations, which no seed repeats on several"
                            + " workers, and must keep nothing from batch to batch but parameters and buffers,"
                            + " but gives"
                            + " two answers to one batch: ")
                    .hasMessageEndingWith(name);
        }
        try (RunResult one =
                        run.task(task("lstm.pt")).rounds(2).workers(1).build().run();
                RunResult two = run.workers(2).build().run()) {
            assertThat(two.stateSha256()).isEqualTo(one.stateSha256());
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
