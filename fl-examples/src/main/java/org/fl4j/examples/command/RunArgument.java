package org.fl4j.examples.command;

import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One run of an experiment that was begun. */
final class RunArgument {
    @Mixin
    private StoreDirectory directory;

    @Option(names = "--run", description = "the start of the run's key, as list shows it; not needed if there is one")
    private String key;

    StoreDirectory directory() {
        return directory;
    }

    Optional<String> key() {
        return Optional.ofNullable(key);
    }
}
