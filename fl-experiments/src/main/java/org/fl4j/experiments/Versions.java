package org.fl4j.experiments;

import ai.djl.engine.Engine;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.tensor.TensorEngine;

/** With what runs are made. */
final class Versions {
    private Versions() {}

    /** Returns versions by name. */
    static Map<String, String> here() {
        return new TreeMap<>(Map.of(
                "FL4J",
                Optional.ofNullable(TensorEngine.class.getPackage().getImplementationVersion())
                        .orElse("of a class path without jars"),
                "Java",
                System.getProperty("java.version"),
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                "processors",
                String.valueOf(Runtime.getRuntime().availableProcessors()),
                "DJL",
                Engine.getDjlVersion(),
                "PyTorch",
                TensorEngine.version()));
    }
}
