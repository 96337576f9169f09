package org.fl4j.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Constructor;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.TensorEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The data set that docs/building-blocks.md shows keeps its arrays from round to round, and changes nothing. */
class CachedDatasetIT {
    private static final Seed SEED = new Seed(1);

    @TempDir
    private Path folder;

    @Test
    void givesTheSameModelAsTheDataSetBehindIt() throws Exception {
        Snippet snippet = Snippet.blocks().stream()
                .filter(block -> block.text().contains("record CachedDataset"))
                .findFirst()
                .orElseThrow();
        assertThat(SnippetCompiler.ofThisJdk().compile(List.of(snippet), SnippetCompiler.classPath(), folder))
                .isEmpty();
        try (URLClassLoader loader = new URLClassLoader(
                        new URL[] {folder.toUri().toURL()}, getClass().getClassLoader());
                Dataset digits = Digits.generate(200, 50, SEED);
                NDManager manager = TensorEngine.newManager(Device.cpu())) {
            Constructor<?> constructor = loader.loadClass(getClass().getPackageName() + ".Snippet0$1CachedDataset")
                    .getDeclaredConstructor(FederatedDataset.class, NDManager.class, Map.class);
            constructor.setAccessible(true);
            FederatedDataset source =
                    digits.federated(Partitioners.iid().partition(digits.train().classIndices(), 4, SEED));
            Map<ClientId, ClientExamples> cache = new ConcurrentHashMap<>();
            assertThat(hash((FederatedDataset) constructor.newInstance(source, manager, cache)))
                    .isEqualTo(hash(source));
            assertThat(cache).hasSize(4);
        }
    }

    private static String hash(FederatedDataset data) {
        Simulation simulation = Simulation.builder()
                .task(Models.mnist2nn())
                .data(data)
                .training(LocalTraining.sgd(0.1))
                .selector(new UniformSelector())
                .aggregator(new FedAvg())
                .cohortSize(4)
                .rounds(3)
                .workers(2)
                .build();
        try (RunResult result = simulation.run()) {
            return result.stateSha256();
        }
    }
}
