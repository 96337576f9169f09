package org.fl4j.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.DataFingerprint;
import org.fl4j.tensor.TensorEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a checkpoint and the run that resumes from it are compared by.
 *
 * @param made what the run is made of; it must be the same
 * @param machine on what kind of machine it runs; where that differs, bits may
 */
record RunIdentity(Fingerprint made, Fingerprint machine) {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);
    private static final int MOST_NAMED = 5; // settings in a message

    /**
     * Describes a run: all of it but what may change at a resume, which is rounds, workers, listeners, and where things
     * run and are kept.
     */
    static RunIdentity of(RunConfig run) {
        Fingerprint made = new Fingerprint()
                .add("task", run.task)
                .add("frozen parameters", run.frozenSha256)
                .add("data", run.data)
                .add("clients", clients(run.data.clients()))
                .add("testData", Optional.ofNullable(run.testData).map(DataFingerprint::of))
                .add("clientEvaluation", run.clientEvaluationData)
                .add("clientEvaluation.every", run.evaluateClientsEvery)
                .add("evaluationSelector", run.evaluatingChoice)
                .add("training", run.training)
                .add("clientFactory", run.clientFactory)
                .add("sgdClients", run.sgdClients)
                .add("algorithms", run.algorithms)
                .add("selector", run.selector)
                .add("aggregator", run.aggregator)
                .add("serverOptimizer", run.serverOptimizer)
                .add("servers", run.servers)
                .add("observers", run.observers)
                .add("settings", run.settings)
                .add("updates", run.updates)
                .add("uploadTransform", run.uploadTransform)
                .add("codec", run.codec)
                .add("initialModel", run.initialModel)
                .add("cohortSize", run.cohortSize)
                .add("blockSize", run.blockSize)
                .add("clients that train together", run.together)
                .add("seed", run.seed)
                .add("failurePolicy", run.failurePolicy)
                .add("execution.attempts", run.execution.attempts())
                .add("execution.timeout", run.execution.timeout().map(Object::toString))
                .add("evaluateEvery", run.evaluateEvery)
                .add("evaluated", run.evaluated)
                .add("stopRule", run.stopRule);
        return new RunIdentity(made, machine(run));
    }

    /** Describes what the bits of clients' updates depend on: their parts, and the kind of machine. */
    static Fingerprint ofClients(RunConfig run) {
        Fingerprint clients = new Fingerprint()
                .add("task", run.task)
                .add("frozen parameters", run.frozenSha256)
                .add("data", run.data)
                .add("clients", clients(run.data.clients()))
                .add("clientEvaluation", Optional.ofNullable(run.clientEvaluationData))
                .add("training", run.training)
                .add("clientFactory", run.clientFactory)
                .add("sgdClients", run.sgdClients)
                .add("uploadTransform", run.uploadTransform)
                .add("codec", run.codec);
        clients.parts().putAll(machine(run).parts());
        return clients;
    }

    /**
     * Checks that a run is what this one was, and warns if it is on another kind of machine.
     *
     * @param now the run that resumes
     * @param file the checkpoint of this one
     * @throws CheckpointException if the run is another; the message names what differs
     */
    void requireSame(RunIdentity now, Path file) {
        List<String> differences = made.differencesTo(now.made);
        if (!differences.isEmpty()) {
            throw new CheckpointException(
                    file,
                    "cannot be resumed from with other settings: "
                            + differences.stream().limit(MOST_NAMED).collect(Collectors.joining("; "))
                            + (differences.size() > MOST_NAMED
                                    ? "; and " + (differences.size() - MOST_NAMED) + " more"
                                    : "")
                            + ". Use the old settings, or start a new run in another directory");
        }
        List<String> others = machine.differencesTo(now.machine);
        if (!others.isEmpty()) {
            LOG.warn("{}: bits may differ from those of an unbroken run: {}", file, String.join("; ", others));
        }
    }

    private static String clients(ClientDirectory directory) {
        int hash = 1;
        for (int position = 0; position < directory.size(); position++) {
            hash = 31 * hash + directory.examplesAt(position);
        }
        return directory.size() + " with example counts " + Integer.toHexString(hash);
    }

    private static Fingerprint machine(RunConfig run) {
        return new Fingerprint()
                .add(
                        "devices",
                        run.devices.list().stream()
                                .map(device -> device.getDeviceType())
                                .distinct()
                                .collect(Collectors.joining(",")))
                .add("processor", System.getProperty("os.arch") + vectorInstructions())
                .add("java", Runtime.version().feature())
                .add("libtorch", TensorEngine.version())
                .add("native threads", TensorEngine.nativeThreads());
    }

    /** Native libraries choose their kernels, and so the order of sums, by these. */
    private static String vectorInstructions() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            List<String> flags = lines.filter(
                            line -> line.toLowerCase(Locale.ROOT).startsWith("flags"))
                    .limit(1)
                    .flatMap(line -> Stream.of(line.split("\\s+")))
                    .filter(flag -> flag.equals("avx2") || flag.equals("avx512f"))
                    .sorted()
                    .toList();
            return " " + flags;
        } catch (IOException | RuntimeException e) {
            return ""; // there is no such file but on Linux
        }
    }
}
