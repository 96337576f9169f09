package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Durable;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.SafeTensors;
import org.fl4j.tensor.Tensors;

/**
 * A server state, in one safetensors file, and the history of its run, in a file beside it. The global model's
 * parameters are stored under their own names below {@code model/}, those of other models below {@code models/NAME/},
 * strategy state below {@code strategy/}; SHA-256 digests of all values, names and metadata find damage.
 *
 * @param state the state after its last round
 * @param history the reports of all rounds behind it
 */
public record Checkpoint(ServerState state, List<RoundReport> history) {
    private static final String FORMAT = "fl4j-checkpoint-3";
    private static final String MODEL = "model/";
    private static final String MODELS = "models/";
    private static final String STRATEGY = "strategy/";
    private static final String COLUMN = "column/";

    /** Copies the history. */
    public Checkpoint {
        history = List.copyOf(history);
    }

    /**
     * A checkpoint as a file has it.
     *
     * @param checkpoint state and history
     * @param mark which part of the history file is its own
     * @param toldAll whether all listeners had heard of its last round
     */
    record Stored(Checkpoint checkpoint, History.Mark mark, boolean toldAll) {}

    /** Writes a state into the directory, by atomic rename, and returns the file. */
    static Path save(Path directory, ServerState state, History.Mark history, boolean toldAll, RunIdentity run) {
        Path file = CheckpointFiles.file(directory, state.round());
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            state.models().forEach((name, model) -> {
                for (ParameterLayout.Entry entry : model.layout().parameters()) {
                    tensors.put(place(name) + entry.name(), model.parameter(entry));
                }
            });
            state.strategy().tensors().forEach((name, array) -> tensors.put(STRATEGY + name, array));
            NDManager manager = state.model().floats().getManager();
            state.strategy().columns().forEach((name, column) -> {
                float[] values = column.toArray();
                tensors.put(COLUMN + name, Tensors.create(manager, values, new Shape(values.length)));
            });
            Map<String, String> metadata = new TreeMap<>();
            metadata.put("format", FORMAT);
            metadata.put("round", String.valueOf(state.round()));
            metadata.put("models", String.join("\n", state.models().keySet()));
            metadata.put("run", run.made().toJson());
            metadata.put("machine", run.machine().toJson());
            metadata.put("strategy", ReportJson.writeNumbers(state.strategy().numbers()));
            metadata.put("history bytes", String.valueOf(history.bytes()));
            metadata.put("history sha256", history.sha256());
            metadata.put("listeners told", String.valueOf(toldAll));
            Map<String, String> whole = Digests.sealed(tensors, metadata);
            Durable.uninterrupted(() -> SafeTensors.write(file, tensors, whole));
            return file;
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be written: " + Durable.reason(e), e);
        }
    }

    /**
     * Returns the file of the latest round in a directory of checkpoints, if there is any.
     *
     * @throws CheckpointException if the directory cannot be read
     */
    public static Optional<Path> latest(Path directory) {
        return CheckpointFiles.latest(directory, Integer.MAX_VALUE);
    }

    /**
     * Reads a checkpoint of a run, to look at it or to go on with its models in another; to resume a run see {@link
     * SimulationBuilder#resume}.
     *
     * @param file such as {@link #latest} names it
     * @param task what the run learned
     * @param manager what the arrays are attached to
     * @throws CheckpointException if the file is damaged, or if the task's model has another layout
     */
    public static Checkpoint load(Path file, LearningTask task, NDManager manager) {
        try (FederatedModel model = new FederatedModel(task)) {
            return load(file, model.layout(), Optional.empty(), manager).checkpoint();
        }
    }

    /**
     * Reads a checkpoint to resume from.
     *
     * @throws CheckpointException if the file is damaged, or belongs to another run
     */
    static Stored load(Path file, ParameterLayout layout, RunIdentity run, NDManager manager) {
        return load(file, layout, Optional.of(run), manager);
    }

    /**
     * Reads a checkpoint; its arrays are attached to the manager. If the file is damaged and the one before it is good,
     * the message says so.
     *
     * @throws CheckpointException if the file is damaged, or belongs to another run
     */
    private static Stored load(Path file, ParameterLayout layout, Optional<RunIdentity> run, NDManager manager) {
        try {
            return read(file, layout, run, manager);
        } catch (DamagedException e) {
            Optional<Path> before =
                    CheckpointFiles.latest(file.toAbsolutePath().getParent(), CheckpointFiles.round(file) - 1);
            throw before.filter(earlier -> isGood(earlier, layout, run, manager))
                    .map(earlier -> new CheckpointException(
                            file,
                            e.getMessage() + ". The checkpoint before it, " + earlier.getFileName()
                                    + ", is good: delete the damaged file to resume after round "
                                    + CheckpointFiles.round(earlier),
                            e))
                    .orElseGet(() -> new CheckpointException(file, e.getMessage(), e));
        }
    }

    private static boolean isGood(Path file, ParameterLayout layout, Optional<RunIdentity> run, NDManager manager) {
        try (NDManager own = manager.newSubManager()) {
            read(file, layout, run, own);
            return true;
        } catch (DamagedException | CheckpointException e) {
            return false;
        }
    }

    /** A file is not what was written. */
    private static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1L;

        DamagedException(String fault, Throwable cause) {
            super(fault, cause);
        }
    }

    private static Stored read(Path file, ParameterLayout layout, Optional<RunIdentity> run, NDManager manager)
            throws DamagedException {
        try {
            SafeTensors.Content content = SafeTensors.read(file, manager);
            Map<String, String> metadata = content.metadata();
            require(file, "format", FORMAT, field(metadata, "format", file));
            Digests.require(content);
            RunIdentity began = new RunIdentity(
                    Fingerprint.fromJson(field(metadata, "run", file)),
                    Fingerprint.fromJson(field(metadata, "machine", file)));
            run.ifPresent(now -> began.requireSame(now, file));
            Map<String, ParameterVector> models = models(content, layout, file, manager);
            History.Mark mark = mark(metadata, file);
            List<RoundReport> history = history(file, mark);
            int round = Integer.parseInt(field(metadata, "round", file));
            return new Stored(
                    new Checkpoint(new ServerState(round, models, strategy(content, file)), history),
                    mark,
                    Boolean.parseBoolean(field(metadata, "listeners told", file)));
        } catch (IOException e) {
            throw new DamagedException("cannot be read: " + Durable.reason(e), e);
        }
    }

    /**
     * Reads the reports of all rounds up to a checkpoint.
     *
     * @throws CheckpointException if the file or the history beside it is damaged
     */
    static List<RoundReport> history(Path file) {
        try {
            Map<String, String> metadata = SafeTensors.metadata(file);
            return History.read(file.toAbsolutePath().getParent(), mark(metadata, file));
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read: " + Durable.reason(e), e);
        }
    }

    private static History.Mark mark(Map<String, String> metadata, Path file) {
        String bytes = field(metadata, "history bytes", file);
        if (!bytes.matches("\\d{1,18}")) { // the digest has not been compared where only the history is read
            throw new CheckpointException(file, "history bytes must be a whole number of at least 0, but was " + bytes);
        }
        return new History.Mark(Long.parseLong(bytes), field(metadata, "history sha256", file));
    }

    private static List<RoundReport> history(Path file, History.Mark mark) throws DamagedException {
        try {
            return History.read(file.toAbsolutePath().getParent(), mark);
        } catch (CheckpointException e) {
            throw new DamagedException(e.getMessage(), e);
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
        try {
            return new StrategyState(
                    tensors, ReportJson.readNumbers(field(content.metadata(), "strategy", file)), columns);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file, "strategy: " + e.getMessage(), e);
        }
    }

    /**
     * Returns where a model's parameters are; its name is one part of the path, or one model could lie within another.
     */
    private static String place(String model) {
        return model.equals(ServerState.MODEL)
                ? MODEL
                : MODELS + model.replace("%", "%25").replace("/", "%2F") + '/';
    }

    private static Map<String, ParameterVector> models(
            SafeTensors.Content content, ParameterLayout layout, Path file, NDManager manager) {
        Map<String, ParameterVector> models = new TreeMap<>();
        for (String name : field(content.metadata(), "models", file).split("\n", -1)) {
            models.put(name, model(name, content.tensors(), layout, file, manager));
        }
        if (!models.containsKey(ServerState.MODEL)) {
            throw new CheckpointException(
                    file, "models must have " + ServerState.MODEL + ", but are " + models.keySet());
        }
        return models;
    }

    private static ParameterVector model(
            String name, Map<String, NDArray> tensors, ParameterLayout layout, Path file, NDManager manager) {
        String place = place(name);
        String what = name.equals(ServerState.MODEL) ? "the model" : "model " + name;
        long stored =
                tensors.keySet().stream().filter(key -> key.startsWith(place)).count();
        if (stored != layout.parameters().size()) {
            throw new CheckpointException(
                    file, what + " must have " + layout.parameters().size() + " parameters, but has " + stored);
        }
        ParameterVector model = ParameterVector.zeros(layout, manager);
        for (ParameterLayout.Entry entry : layout.parameters()) {
            NDArray value = tensors.get(place + entry.name());
            if (value == null || !value.getShape().equals(entry.djlShape())) {
                throw new CheckpointException(
                        file,
                        "parameter " + entry.name() + " of " + what + " must have shape " + entry.djlShape() + ", but "
                                + (value == null ? "is missing" : "has " + value.getShape()));
            }
            try (NDArray target = model.parameter(entry)) {
                Kernels.copy(value, target);
            }
            value.close();
        }
        return model;
    }
}
