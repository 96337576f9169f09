package org.fl4j.experiments;

import ai.djl.basicdataset.BasicDatasets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.fl4j.data.CifarReader;
import org.fl4j.data.DatasetSource;
import org.fl4j.data.Digits;
import org.fl4j.data.MnistReader;
import org.fl4j.experiments.tracking.TensorBoardListener;
import org.fl4j.random.Seed;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.ListenerFactory;

/** The names of data sets that are drawn, downloaded or read from files, and of the listener for TensorBoard. */
public final class ExperimentStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                dataset("mnist", p -> mnist(p.text("source", "digits"))),
                dataset("cifar", p -> cifar(p.text("source", "digits"))),
                new NamedStrategy<>(ListenerFactory.class, "tensorboard", p -> {
                    String folder = p.text("folder", "events");
                    return directory -> new TensorBoardListener(directory.resolve(folder));
                }));
    }

    private static NamedStrategy<?> dataset(String name, Function<Parameters, DatasetSource> make) {
        return new NamedStrategy<>(DatasetSource.class, name, make);
    }

    private static DatasetSource mnist(String source) {
        return switch (source) {
            case "digits" -> () -> Digits.generate(/* trainCount= */ 30_000, /* testCount= */ 5_000, new Seed(0));
            case "download" -> () -> DownloadedDatasets.mnist(BasicDatasets.REPOSITORY);
            default -> () -> MnistReader.read(Path.of(source));
        };
    }

    private static DatasetSource cifar(String source) {
        DatasetSource plain = switch (source) {
            case "digits" ->
                () -> Digits.generateColored(/* trainCount= */ 10_000, /* testCount= */ 2_000, new Seed(0));
            case "download" -> () -> DownloadedDatasets.cifar10(BasicDatasets.REPOSITORY);
            default -> () -> CifarReader.read(Path.of(source));
        };
        return () -> plain.load().standardised();
    }
}
