package org.fl4j.examples.command;

import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import org.fl4j.experiments.FieldTable;
import org.fl4j.registry.StrategyRegistry;
import picocli.CommandLine.Command;

/** Lists what the other commands know by name. */
@Command(
        name = "strategies",
        mixinStandardHelpOptions = true,
        description = "Lists what fields and options may name, with the defaults of parameters.")
final class StrategiesCommand implements Runnable {
    @Override
    public void run() {
        StrategyRegistry registry = StrategyRegistry.load();
        Set<Class<?>> kinds = new LinkedHashSet<>();
        FieldTable.all().forEach(field -> field.kind().ifPresent(kinds::add));
        for (Class<?> kind : kinds) {
            System.out.println(kind.getName().replaceFirst(".*\\.", "").replace('$', '.'));
            for (String name : registry.names(kind)) {
                System.out.printf(Locale.ROOT, "  %-20s%s%n", name, registry.defaults(kind, name));
            }
        }
    }
}
