package org.fl4j.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

/**
 * The PyTorch engine of DJL, loaded on first use with DJL's usage reports switched off.
 *
 * <p>FL4J gets its parallelism from clients, so libtorch's own threads are set to one when the engine is loaded. An
 * application that also uses DJL for large single models can raise them again ({@code ai.djl.pytorch.num_threads}); runs
 * are then reproducible for that number only.
 */
public final class TensorEngine {
    private static final String NAME = "PyTorch";

    static {
        if (System.getenv("OPT_OUT_TRACKING") == null && System.getProperty("OPT_OUT_TRACKING") == null) {
            System.setProperty("OPT_OUT_TRACKING", "true");
        }
    }

    private TensorEngine() {}

    /** Returns a new manager on the device, a direct child of the engine's root; close it to free what it holds. */
    public static NDManager newManager(Device device) {
        return Loaded.ENGINE.newBaseManager(device);
    }

    /** Returns how many GPUs the engine can use. */
    public static int gpuCount() {
        return Loaded.ENGINE.hasCapability(StandardCapabilities.CUDA) ? Loaded.ENGINE.getGpuCount() : 0;
    }

    /** Returns the version of the engine's native library. */
    public static String version() {
        return Loaded.ENGINE.getVersion();
    }

    /**
     * Gives the current thread the engine's number of native threads, which libtorch's libraries keep per thread, and
     * runs its programs as they are written, so that rounding does not change when they are warm. Every thread that
     * computes for a run calls it first.
     */
    public static void prepareThread() {
        JniUtils.setNumThreads(Loaded.NATIVE_THREADS);
        JniUtils.setGraphExecutorOptimize(false);
    }

    /** Loads the engine on first use, not on first mention. */
    private static final class Loaded {
        static final int NATIVE_THREADS = Integer.getInteger("ai.djl.pytorch.num_threads", 1);
        static final Engine ENGINE = load();

        private static Engine load() {
            Engine engine = Engine.getEngine(NAME);
            JniUtils.setNumThreads(NATIVE_THREADS);
            return engine;
        }
    }
}
