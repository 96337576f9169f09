package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.core.ClientColumn;
import org.fl4j.core.ServerState;
import org.fl4j.core.StrategyState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.SafeTensors;
import org.fl4j.tensor.Tensors;

/**
 * A server state and the history of its run in one safetensors file. Model parameters are stored under their own names
 * below {@code model/}, strategy state below {@code strategy/}; a SHA-256 of all values, names and metadata finds damage.
 *
 * @param state the state after its last round
 * @param history the reports of all rounds behind it
 */
public record Checkpoint(ServerState state, List<RoundReport> history) {
    private static final String FORMAT = "fl4j-checkpoint-1";
    private static final String MODEL = "model/";
    private static final String STRATEGY = "strategy/";
    private static final String COLUMN = "column/";
    private static final String HISTORY = "history";
    private static final String ENDING = ".safetensors";
    private static final int KEPT = 2;

    /** Copies the history. */
    public Checkpoint {
        history = List.copyOf(history);
    }

    /** Writes the state into the directory, by atomic rename, and returns the file. */
    static Path save(Path directory, ServerState state, List<RoundReport> history, RunIdentity run) {
        Path file = directory.resolve(String.format(Locale.ROOT, "round-%06d%s", state.round(), ENDING));
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Files.createDirectories(directory);
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (ParameterLayout.Entry entry : state.model().layout().parameters()) {
                tensors.put(MODEL + entry.name(), state.model().parameter(entry));
            }
            state.strategy().tensors().forEach((name, array) -> tensors.put(STRATEGY + name, array));
            NDManager manager = state.model().floats().getManager();
            state.strategy().columns().forEach((name, column) -> {
                float[] values = column.toArray();
                tensors.put(COLUMN + name, Tensors.create(manager, values, new Shape(values.length)));
            });
            Map<String, String> metadata = new TreeMap<>();
            metadata.put("format", FORMAT);
            metadata.put("round", String.valueOf(state.round()));
            metadata.put("seed", String.valueOf(run.seed().value()));
            metadata.put("clients", run.clients());
            metadata.put("strategy", ReportJson.writeNumbers(state.strategy().numbers()));
            JsonArray reports = new JsonArray();
            history.forEach(report -> reports.add(ReportJson.write(report)));
            byte[] text = reports.toString().getBytes(StandardCharsets.UTF_8);
            tensors.put(HISTORY, manager.create(ByteBuffer.wrap(text), new Shape(text.length), DataType.UINT8));
            metadata.put("sha256", digest(tensors, metadata));
            SafeTensors.write(file, tensors, metadata);
            return file;
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be written: " + e.getMessage(), e);
        }
    }

    /** Deletes all but the two latest checkpoints of the directory. */
    static void prune(Path directory) {
        List<Path> files = all(directory);
        try {
            for (Path file : files.subList(0, Math.max(0, files.size() - KEPT))) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new CheckpointException(directory, "an old checkpoint cannot be deleted: " + e.getMessage(), e);
        }
    }

    /** Returns the checkpoint of the latest round in the directory, if there is any. */
    static Optional<Path> latest(Path directory) {
        return latest(directory, Integer.MAX_VALUE);
    }

    /** Returns the checkpoint of the latest round up to one, if there is any. */
    static Optional<Path> latest(Path directory, int round) {
        return all(directory).stream().filter(file -> round(file) <= round).reduce((earlier, later) -> later);
    }

    /** Returns the round after which a checkpoint was taken. */
    static int round(Path file) {
        return Integer.parseInt(file.getFileName().toString().replaceAll("\\D", ""));
    }

    /** Returns the round of the earliest checkpoint in the directory, 0 if there is none. */
    static int oldest(Path directory) {
        List<Path> files = all(directory);
        return files.isEmpty() ? 0 : round(files.get(0));
    }

    private static List<Path> all(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("round-\\d{6,}\\" + ENDING))
                    .sorted(Comparator.comparing(
                                    (Path file) -> file.getFileName().toString().length())
                            .thenComparing(file -> file.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new CheckpointException(directory, "the directory cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Reads a checkpoint; its arrays are attached to the manager.
     *
     * @throws CheckpointException if the file is damaged, or belongs to another model, seed or population
     */
    static Checkpoint load(Path file, ParameterLayout layout, RunIdentity run, NDManager manager) {
        try {
            SafeTensors.Content content = SafeTensors.read(file, manager);
            Map<String, String> metadata = content.metadata();
            require(file, "format", FORMAT, field(metadata, "format", file));
            String sha256 = field(metadata, "sha256", file);
            metadata.remove("sha256");
            if (!digest(content.tensors(), metadata).equals(sha256)) {
                throw new CheckpointException(file, "the values do not have the SHA-256 they were saved with");
            }
            require(file, "seed", String.valueOf(run.seed().value()), field(metadata, "seed", file));
            ParameterVector model = model(content.tensors(), layout, file, manager);
            require(file, "clients", run.clients(), field(metadata, "clients", file));
            byte[] text = content.tensors().get(HISTORY).toByteArray();
            List<RoundReport> history = new ArrayList<>();
            JsonParser.parseString(new String(text, StandardCharsets.UTF_8))
                    .getAsJsonArray()
                    .forEach(report -> history.add(ReportJson.read(report.getAsJsonObject())));
            int round = Integer.parseInt(field(metadata, "round", file));
            return new Checkpoint(new ServerState(round, model, strategy(content, file)), history);
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    private static void require(Path file, String name, String expected, String found) {
        if (!found.equals(expected)) {
            throw new CheckpointException(file, name + " must be the run's, " + expected + ", but was " + found);
        }
    }

    private static String field(Map<String, String> metadata, String name, Path file) {
        String value = metadata.get(name);
        if (value == null) {
            throw new CheckpointException(
                    file, "it must have the metadata field " + name + ", but has " + metadata.keySet());
        }
        return value;
    }

    private static StrategyState strategy(SafeTensors.Content content, Path file) {
        Map<String, NDArray> tensors = new TreeMap<>();
        content.tensors().forEach((name, array) -> {
            if (name.startsWith(STRATEGY)) {
                tensors.put(name.substring(STRATEGY.length()), array);
            }
        });
        Map<String, ClientColumn> columns = new TreeMap<>();
        content.tensors().forEach((name, array) -> {
            if (name.startsWith(COLUMN)) {
                columns.put(name.substring(COLUMN.length()), ClientColumn.of(array.toFloatArray()));
                array.close();
            }
        });
        return new StrategyState(tensors, ReportJson.readNumbers(field(content.metadata(), "strategy", file)), columns);
    }

    private static ParameterVector model(
            Map<String, NDArray> tensors, ParameterLayout layout, Path file, NDManager manager) {
        long stored =
                tensors.keySet().stream().filter(name -> name.startsWith(MODEL)).count();
        if (stored != layout.parameters().size()) {
            throw new CheckpointException(
                    file, "the model must have " + layout.parameters().size() + " parameters, but has " + stored);
        }
        ParameterVector model = ParameterVector.zeros(layout, manager);
        for (ParameterLayout.Entry entry : layout.parameters()) {
            NDArray value = tensors.get(MODEL + entry.name());
            if (value == null || !value.getShape().equals(entry.djlShape())) {
                throw new CheckpointException(
                        file,
                        "parameter " + entry.name() + " must have shape " + entry.djlShape() + ", but "
                                + (value == null ? "is missing" : "has " + value.getShape()));
            }
            try (NDArray place = model.parameter(entry)) {
                Kernels.copy(value, place);
            }
            value.close();
        }
        return model;
    }

    private static String digest(Map<String, NDArray> tensors, Map<String, String> metadata) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            tensors.forEach((name, array) -> {
                digest.update((name + array.getShape() + array.getDataType()).getBytes(StandardCharsets.UTF_8));
                digest.update(array.toByteBuffer());
            });
            metadata.forEach(
                    (key, value) -> digest.update((key + '=' + value + '\n').getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
