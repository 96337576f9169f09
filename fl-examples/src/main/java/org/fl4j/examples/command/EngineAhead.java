package org.fl4j.examples.command;

import java.util.Set;
import org.fl4j.tensor.TensorEngine;
import picocli.CommandLine;

/** Loads the engine's native libraries while a command that computes reads its files. */
final class EngineAhead {
    private static final Set<String> COMPUTING =
            Set.of("mnist", "cifar", "train", "run", "resume", "replay", "benchmark", "gpu-check");

    private final Thread loader;

    private EngineAhead(Thread loader) {
        this.loader = loader;
    }

    /** Begins to load, if a command computes. */
    static EngineAhead of(CommandLine.ParseResult parsed) {
        Thread loader = new Thread(EngineAhead::load, "fl4j-engine");
        loader.setDaemon(true);
        boolean computes = parsed.hasSubcommand()
                && !parsed.subcommand().isUsageHelpRequested()
                && !parsed.subcommand().isVersionHelpRequested()
                && COMPUTING.contains(parsed.subcommand().commandSpec().name());
        if (computes) {
            loader.start();
        }
        return new EngineAhead(loader);
    }

    private static void load() {
        try {
            TensorEngine.prepareThread();
        } catch (RuntimeException | LinkageError e) {
            return; // the thread of the command fails in the same way, and reports it
        }
    }

    /** Waits until it is loaded: a process must not end in the middle of that. */
    void await() {
        boolean interrupted = false;
        while (loader.isAlive()) {
            try {
                loader.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
