package org.fl4j.examples.combination;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.message.ClientId;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.SafeTensors;
import org.fl4j.tensor.TensorEngine;

/**
 * What can be seen of a run when it is over.
 *
 * @param states the server's state after each round: the model's parameters by name, and what strategies remember
 * @param history the reports of the rounds
 * @param kept what each client keeps, by client and name
 */
record Outcome(List<State> states, List<RoundReport> history, Map<String, Map<String, FloatBuffer>> kept) {
    /**
     * The server's state after a round.
     *
     * @param model all floats of the model
     * @param parameters the same, by the names of parameters
     * @param tensors the arrays and columns that strategies remember, and the state's other models
     */
    record State(FloatBuffer model, Map<String, FloatBuffer> parameters, Map<String, FloatBuffer> tensors) {}

    /** Runs a simulation that keeps what clients remember in files of a new directory. */
    static Outcome of(SimulationBuilder run, Path directory) throws IOException {
        List<State> states = new ArrayList<>();
        RunListener listener = new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                states.add(state(state));
            }
        };
        try (RunResult result =
                run.listener(listener).clientStates(directory).build().run()) {
            return new Outcome(states, result.history(), kept(directory));
        }
    }

    private static State state(ServerState state) {
        Map<String, FloatBuffer> parameters = new TreeMap<>();
        state.model().layout().parameters().stream()
                .filter(entry -> state.model().parameter(entry).getDataType().isFloating())
                .forEach(entry -> parameters.put(
                        entry.name(), floats(state.model().parameter(entry).flatten())));
        Map<String, FloatBuffer> tensors = new TreeMap<>();
        state.strategy().tensors().forEach((name, array) -> tensors.put(name, floats(array)));
        state.models().forEach((name, model) -> tensors.put(name, floats(model.floats())));
        state.strategy().columns().forEach((name, column) -> tensors.put(name, FloatBuffer.wrap(column.toArray())));
        return new State(floats(state.model().floats()), parameters, tensors);
    }

    private static FloatBuffer floats(NDArray array) {
        float[] values = new float[Math.toIntExact(array.size())];
        Number[] all = array.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = all[i].floatValue();
        }
        return FloatBuffer.wrap(values);
    }

    private static Map<String, Map<String, FloatBuffer>> kept(Path directory) throws IOException {
        Map<String, Map<String, FloatBuffer>> kept = new TreeMap<>();
        try (NDManager manager = TensorEngine.newManager(Device.cpu());
                Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList()) {
                Map<String, FloatBuffer> tensors = new TreeMap<>();
                SafeTensors.Content content = SafeTensors.read(file, manager);
                content.tensors().forEach((name, array) -> tensors.put(name, floats(array)));
                content.metadata().forEach((name, value) -> {
                    if (name.equals("numbers")) {
                        tensors.put(value, FloatBuffer.wrap(new float[] {1}));
                    }
                });
                String client = String.valueOf(file.getParent().getParent().getFileName());
                kept.computeIfAbsent(client, any -> new TreeMap<>()).putAll(tensors); // the latest comes last
            }
        }
        return kept;
    }

    /** Returns the state after the last round. */
    State last() {
        return states.get(states.size() - 1);
    }

    /** Returns a metric of the last round, or NaN. */
    double metric(String name) {
        return history.get(history.size() - 1).metrics().find(name).orElse(Double.NaN);
    }

    /**
     * Returns what the clients of the first round measured, before anything that the server does can have an effect.
     */
    Map<String, Double> ofFirstClients(String metric) {
        Map<String, Double> measured = new TreeMap<>();
        history.get(0)
                .clients()
                .forEach((client, metrics) ->
                        metrics.find(metric).ifPresent(value -> measured.put(client.toString(), value)));
        return measured;
    }

    /** Returns who was asked in each round. */
    static List<List<ClientId>> cohorts(Outcome outcome) {
        return outcome.history.stream().map(RoundReport::cohort).toList();
    }
}
