package org.fl4j.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.fl4j.internal.ServiceFiles;
import org.fl4j.internal.UnpackFolder;

/**
 * The PyTorch engine of DJL, loaded on first use with DJL's usage reports switched off.
 *
 * <p>FL4J gets its parallelism from clients, so libtorch's own threads are set to one when the engine is loaded. An
 * application that also uses DJL for large single models can raise them again ({@code ai.djl.pytorch.num_threads});
 * runs are then reproducible for that number only.
 */
public final class TensorEngine {
    private static final String NAME = "PyTorch";
    private static final ServiceFiles PROVIDERS = new ServiceFiles("ai.djl.engine.EngineProvider");
    private static final String PROVIDER = "ai.djl.pytorch.engine.PtEngineProvider";
    private static final int NATIVE_THREADS = Integer.getInteger("ai.djl.pytorch.num_threads", 1);

    private static final AtomicReference<Engine> ENGINE = new AtomicReference<>();

    static {
        if (System.getenv("OPT_OUT_TRACKING") == null && System.getProperty("OPT_OUT_TRACKING") == null) {
            System.setProperty("OPT_OUT_TRACKING", "true");
        }
    }

    private TensorEngine() {}

    /**
     * Returns a new manager on the device, a direct child of the engine's root; close it to free what it holds.
     *
     * @throws IllegalStateException if the engine's native libraries cannot be unpacked or loaded; the message names
     *     the folder and what moves it. Also if jars were merged in a way that hides the engine from DJL; the message
     *     names the file that is not whole
     */
    public static NDManager newManager(Device device) {
        return engine().newBaseManager(device);
    }

    /** Returns how many GPUs the engine can use. */
    public static int gpuCount() {
        return engine().hasCapability(StandardCapabilities.CUDA) ? engine().getGpuCount() : 0;
    }

    /** Returns the version of the engine's native library. */
    public static String version() {
        return engine().getVersion();
    }

    /** Returns how many native threads each thread of a run has. */
    public static int nativeThreads() {
        return NATIVE_THREADS;
    }

    /**
     * Gives the current thread the engine's number of native threads, which libtorch's libraries keep per thread, and
     * runs its programs as they are written, so that rounding does not change when they are warm. Every thread that
     * computes for a run calls it first.
     */
    public static void prepareThread() {
        engine();
        JniUtils.setNumThreads(NATIVE_THREADS);
        JniUtils.setGraphExecutorOptimize(false);
    }

    /** Loads the engine on first use, not on first mention. */
    private static Engine engine() {
        Engine loaded = ENGINE.get();
        return loaded == null ? load() : loaded;
    }

    /** Not in a static initialiser: a failure there would keep its message from all but the first caller. */
    private static synchronized Engine load() {
        if (ENGINE.get() == null) {
            requireFolder();
            try {
                Engine loaded = Engine.getEngine(NAME);
                JniUtils.setNumThreads(NATIVE_THREADS);
                ENGINE.set(loaded);
            } catch (RuntimeException | LinkageError e) {
                throw explained(e);
            }
        }
        return ENGINE.get();
    }

    private static UnpackFolder folder() {
        String variable = isSet("ENGINE_CACHE_DIR") ? "ENGINE_CACHE_DIR" : "DJL_CACHE_DIR";
        return new UnpackFolder(
                NAME, Utils.getEngineCacheDir(), "the environment variable or system property " + variable);
    }

    /** A folder that exists may have the libraries in it already, and then need not be writable. */
    private static void requireFolder() {
        UnpackFolder folder = folder();
        if (!Files.isDirectory(folder.path())) {
            folder.unwritable().ifPresent(failure -> {
                throw failure;
            });
        }
    }

    private static RuntimeException explained(Throwable failure) {
        Optional<String> lost =
                PROVIDERS.lost(List.of(PROVIDER), Thread.currentThread().getContextClassLoader());
        if (lost.isPresent()) {
            return new IllegalStateException(lost.get(), failure);
        }
        UnpackFolder folder = folder();
        return folder.unwritable()
                .orElseGet(() -> isOfLoading(failure)
                        ? folder.unloadable(failure)
                        : new IllegalStateException(NAME + " cannot be loaded: " + failure, failure));
    }

    private static boolean isSet(String variable) {
        String value = Utils.getEnvOrSystemProperty(variable);
        return value != null && !value.isEmpty();
    }

    private static boolean isOfLoading(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
                .anyMatch(UnsatisfiedLinkError.class::isInstance);
    }
}
