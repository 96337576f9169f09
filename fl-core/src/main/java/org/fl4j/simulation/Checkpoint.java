package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.core.ServerState;
import org.fl4j.core.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.SafeTensors;

/**
 * A server state and the history of its run in one safetensors file. Model parameters are stored under their own names
 * below {@code model/}, strategy state below {@code strategy/}; a SHA-256 of all values finds damage.
 *
 * @param state the state after its last round
 * @param history the reports of all rounds behind it
 */
public record Checkpoint(ServerState state, List<RoundReport> history) {
    private static final String FORMAT = "fl4j-checkpoint-1";
    private static final String MODEL = "model/";
    private static final String STRATEGY = "strategy/";
    private static final String ENDING = ".safetensors";
    private static final int KEPT = 2;

    /** Copies the history. */
    public Checkpoint {
        history = List.copyOf(history);
    }

    /** Writes the state into the directory, by atomic rename, and returns the file. */
    static Path save(Path directory, ServerState state, List<RoundReport> history, Seed seed) {
        Path file = directory.resolve(String.format("round-%06d%s", state.round(), ENDING));
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Files.createDirectories(directory);
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (ParameterLayout.Entry entry : state.model().layout().parameters()) {
                tensors.put(MODEL + entry.name(), state.model().parameter(entry));
            }
            state.strategy().tensors().forEach((name, array) -> tensors.put(STRATEGY + name, array));
            Map<String, String> metadata = new TreeMap<>();
            metadata.put("format", FORMAT);
            metadata.put("round", String.valueOf(state.round()));
            metadata.put("seed", String.valueOf(seed.value()));
            JsonObject numbers = new JsonObject();
            state.strategy().numbers().forEach(numbers::addProperty);
            metadata.put("strategy", numbers.toString());
            JsonArray reports = new JsonArray();
            history.forEach(report -> reports.add(ReportJson.write(report)));
            metadata.put("history", reports.toString());
            metadata.put("sha256", digest(tensors));
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
        List<Path> files = all(directory);
        return files.isEmpty() ? Optional.empty() : Optional.of(files.get(files.size() - 1));
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
     * @throws CheckpointException if the file is damaged, or belongs to another model or seed
     */
    static Checkpoint load(Path file, ParameterLayout layout, Seed seed, NDManager manager) {
        try {
            SafeTensors.Content content = SafeTensors.read(file, manager);
            Map<String, String> metadata = content.metadata();
            String format = field(metadata, "format", file);
            if (!FORMAT.equals(format)) {
                throw new CheckpointException(file, "format must be " + FORMAT + ", but was " + format);
            }
            if (!digest(content.tensors()).equals(field(metadata, "sha256", file))) {
                throw new CheckpointException(file, "the values do not have the SHA-256 they were saved with");
            }
            String stored = field(metadata, "seed", file);
            if (!stored.equals(String.valueOf(seed.value()))) {
                throw new CheckpointException(file, "seed must be the run's, " + seed.value() + ", but was " + stored);
            }
            ParameterVector model = model(content.tensors(), layout, file, manager);
            List<RoundReport> history = new ArrayList<>();
            JsonParser.parseString(field(metadata, "history", file))
                    .getAsJsonArray()
                    .forEach(report -> history.add(ReportJson.read(report.getAsJsonObject())));
            int round = Integer.parseInt(field(metadata, "round", file));
            return new Checkpoint(new ServerState(round, model, strategy(content, file)), history);
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read: " + e.getMessage(), e);
        } catch (JsonParseException | IllegalStateException | NumberFormatException e) {
            throw new CheckpointException(file, "its metadata are damaged", e);
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
        Map<String, Double> numbers = new TreeMap<>();
        JsonParser.parseString(field(content.metadata(), "strategy", file))
                .getAsJsonObject()
                .entrySet()
                .forEach(entry -> numbers.put(entry.getKey(), entry.getValue().getAsDouble()));
        return new StrategyState(tensors, numbers);
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

    private static String digest(Map<String, NDArray> tensors) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            tensors.values().forEach(array -> digest.update(array.toByteBuffer()));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
