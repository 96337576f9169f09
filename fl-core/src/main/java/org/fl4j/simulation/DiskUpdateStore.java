package org.fl4j.simulation;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.internal.Check;
import org.fl4j.internal.Durable;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.RoundContext;
import org.fl4j.message.UpdateStore;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.SafeTensors;

/**
 * Spills waiting updates to disk, one safetensors file each, {@code round-000004/client-37.safetensors}, and maps them
 * into memory: an aggregator that needs all updates at once handles cohorts larger than the memory. On a GPU they are
 * read into its memory when the aggregator begins, so there it saves nothing.
 *
 * @param directory where files are kept
 * @param retention what becomes of them after their round
 */
public record DiskUpdateStore(Path directory, Retention retention) implements UpdateStore {
    private static final String DELTA = "delta";
    private static final String INTEGERS = "integers";
    private static final String ATTACHMENT = "attachment ";

    /** What becomes of a round's files. */
    public enum Retention {
        /** They are deleted when the aggregate is made. */
        DELETE,
        /** They stay, to look at. */
        RETAIN
    }

    /** Checks for presence. */
    public DiskUpdateStore {
        Check.present("directory", directory);
        Check.present("retention", retention);
    }

    private Path folder(int round) {
        return directory.resolve(String.format(Locale.ROOT, "round-%06d", round));
    }

    @Override
    public ModelUpdate keep(ModelUpdate update, RoundContext round, Device device) {
        Path file = folder(round.number()).resolve("client-" + update.client().index() + ".safetensors");
        Map<String, NDArray> arrays = new TreeMap<>();
        update.payload().delta().ifPresent(delta -> {
            arrays.put(DELTA, delta.floats());
            delta.integers().ifPresent(integers -> arrays.put(INTEGERS, integers));
        });
        update.attachments().forEach((name, array) -> arrays.put(ATTACHMENT + name, array));
        try {
            Files.createDirectories(file.getParent());
            SafeTensors.write(file, arrays, about(update));
            return arrays.isEmpty()
                    ? update
                    : mapped(file, update, arrays.values().iterator().next().getManager(), device);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": an update cannot be spilled: " + Durable.reason(e), e);
        }
    }

    private static Map<String, String> about(ModelUpdate update) {
        return Map.of(
                "client", String.valueOf(update.client().index()),
                "modelVersion", String.valueOf(update.modelVersion()),
                "exampleCount", String.valueOf(update.exampleCount()),
                "localSteps", String.valueOf(update.localSteps()));
    }

    private static ModelUpdate mapped(Path file, ModelUpdate update, NDManager manager, Device device)
            throws IOException {
        Map<String, NDArray> arrays = new TreeMap<>();
        SafeTensors.map(file, manager)
                .tensors()
                .forEach((name, array) -> arrays.put(name, array.toDevice(device, false)));
        Optional<NDArray> floats = Optional.ofNullable(arrays.remove(DELTA));
        Optional<NDArray> integers = Optional.ofNullable(arrays.remove(INTEGERS));
        Map<String, NDArray> attachments = new TreeMap<>();
        arrays.forEach((name, array) -> attachments.put(name.substring(ATTACHMENT.length()), array));
        Optional<ParameterVector> delta =
                floats.map(array -> new ParameterVector(update.delta().layout(), array, integers));
        return update.with(
                new Payload(delta, attachments, Map.of(), update.payload().slice()));
    }

    @Override
    public void roundEnded(int round) {
        Path folder = folder(round);
        if (retention == Retention.RETAIN || !Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": spilled updates cannot be deleted: " + Durable.reason(e), e);
        }
    }
}
