package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Client;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.Server;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioner;
import org.fl4j.simulation.CohortExecutor;
import org.junit.jupiter.api.Test;

/**
 * Every class of a module that implements an SPI has a test that extends the SPI's contract. A contract test covers the
 * implementations that it, or the test class around it, names, and those inside classes that they name: an algorithm's
 * own aggregator, say.
 */
public abstract class ContractCoverage {
    private static final Map<Class<?>, Class<?>> CONTRACTS = contracts();

    private static Map<Class<?>, Class<?>> contracts() {
        Map<Class<?>, Class<?>> contracts = new LinkedHashMap<>();
        contracts.put(Server.class, ServerContract.class);
        contracts.put(Aggregator.class, AggregatorContract.class);
        contracts.put(ServerOptimizer.class, ServerOptimizerContract.class);
        contracts.put(ClientSelector.class, ClientSelectorContract.class);
        contracts.put(Client.class, ClientContract.class);
        contracts.put(UpdateTransform.class, UpdateTransformContract.class);
        contracts.put(Codec.class, CodecContract.class);
        contracts.put(Partitioner.class, PartitionerContract.class);
        contracts.put(FederatedDataset.class, FederatedDatasetContract.class);
        contracts.put(CohortExecutor.class, CohortExecutorContract.class);
        return contracts;
    }

    /** Returns implementations without a contract, by their full names, and why each has none. */
    protected Map<String, String> exceptions() {
        return Map.of();
    }

    @Test
    void everyImplementationHasItsContract() {
        JavaClasses shipped = new ClassFileImporter().importPath(Path.of("target/classes"));
        JavaClasses tests = new ClassFileImporter().importPath(Path.of("target/test-classes"));
        Map<String, String> missing = new TreeMap<>();
        CONTRACTS.forEach((spi, contract) -> {
            Set<String> covered = new HashSet<>();
            tests.stream()
                    .filter(test -> test.isAssignableTo(contract)
                            && !test.getModifiers().contains(JavaModifier.ABSTRACT))
                    .flatMap(test -> Stream.of(test, test.getEnclosingClass().orElse(test)))
                    .flatMap(test -> test.getDirectDependenciesFromSelf().stream())
                    .forEach(dependency -> covered.add(outermost(dependency.getTargetClass())));
            shipped.stream()
                    .filter(type -> type.isAssignableTo(spi))
                    .filter(type -> !type.isInterface() && !type.getModifiers().contains(JavaModifier.ABSTRACT))
                    .filter(type -> !covered.contains(outermost(type)))
                    .forEach(type -> missing.put(type.getName(), contract.getSimpleName()));
        });
        Map<String, String> unexplained = new TreeMap<>(missing);
        unexplained.keySet().removeAll(exceptions().keySet());
        assertThat(unexplained).as("implementations without their contract").isEmpty();
        assertThat(missing.keySet())
                .as("exceptions that are needed")
                .containsAll(exceptions().keySet());
    }

    private static String outermost(JavaClass type) {
        return type.getEnclosingClass().map(ContractCoverage::outermost).orElse(type.getName());
    }
}
