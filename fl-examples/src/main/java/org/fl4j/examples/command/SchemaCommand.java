package org.fl4j.examples.command;

import org.fl4j.experiments.ExperimentSchema;
import picocli.CommandLine.Command;

/** Prints the JSON Schema of experiment files. */
@Command(
        name = "schema",
        mixinStandardHelpOptions = true,
        description = "Prints the JSON Schema of experiment files, with the names that plug-ins add, for editors.")
final class SchemaCommand implements Runnable {
    @Override
    public void run() {
        System.out.print(ExperimentSchema.json());
    }
}
