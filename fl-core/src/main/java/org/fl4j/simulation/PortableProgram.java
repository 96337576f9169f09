package org.fl4j.simulation;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.fl4j.client.ClientHost;
import org.fl4j.client.ClientProgram;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Codec;
import org.fl4j.core.SumRule;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientStates;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.registry.StrategyRegistry;

/**
 * A program whose parts have names, so that another process can open it: with the same jars on its class path it makes
 * the same clients. Names are written as {@link StrategyRegistry#parse} reads them, such as {@code scaffold} or {@code
 * norm-clipping:clippingBound=0.1}.
 *
 * @param task the name of a {@link LearningTask}
 * @param data the name of the {@link FederatedDataset} that clients train on
 * @param evaluation the name of what they evaluate on, which may be the same; without it, what they train on
 * @param training the name of a {@link LocalTraining}
 * @param algorithms names of {@link Algorithm}s, in the order in which they are set
 * @param transform the name of an {@link UpdateTransform}, set after them
 * @param codec the name of a {@link Codec}
 * @param aggregator the name of an {@link Aggregator}, if parts of its sums are to be made by this program
 */
public record PortableProgram(
        String task,
        String data,
        Optional<String> evaluation,
        String training,
        List<String> algorithms,
        Optional<String> transform,
        Optional<String> codec,
        Optional<String> aggregator)
        implements ClientProgram {
    private static final String ALGORITHM = "algorithm ";

    /** Copies the list. */
    public PortableProgram {
        Check.present("task", task);
        Check.present("data", data);
        Check.present("evaluation", evaluation);
        Check.present("training", training);
        algorithms = List.copyOf(algorithms);
        Check.present("transform", transform);
        Check.present("codec", codec);
        Check.present("aggregator", aggregator);
    }

    /** Encodes nothing, and leaves sums to the run. */
    public PortableProgram(
            String task,
            String data,
            Optional<String> evaluation,
            String training,
            List<String> algorithms,
            Optional<String> transform) {
        this(task, data, evaluation, training, algorithms, transform, Optional.empty(), Optional.empty());
    }

    /** Returns the same program with another task. */
    public PortableProgram withTask(String other) {
        return new PortableProgram(other, data, evaluation, training, algorithms, transform, codec, aggregator);
    }

    /** Returns the same program with a codec. */
    public PortableProgram withCodec(String name) {
        return new PortableProgram(
                task, data, evaluation, training, algorithms, transform, Optional.of(name), aggregator);
    }

    /** Returns the same program with an aggregator whose sums it can make. */
    public PortableProgram withAggregator(String name) {
        return new PortableProgram(task, data, evaluation, training, algorithms, transform, codec, Optional.of(name));
    }

    /** Returns the names as texts by key, from which {@link #of} makes the same program. */
    public SortedMap<String, String> texts() {
        SortedMap<String, String> texts = new TreeMap<>(Map.of("task", task, "data", data, "training", training));
        evaluation.ifPresent(name -> texts.put("evaluation", name));
        transform.ifPresent(name -> texts.put("transform", name));
        codec.ifPresent(name -> texts.put("codec", name));
        aggregator.ifPresent(name -> texts.put("aggregator", name));
        for (int i = 0; i < algorithms.size(); i++) {
            texts.put(ALGORITHM + i, algorithms.get(i));
        }
        return Collections.unmodifiableSortedMap(texts);
    }

    /**
     * Makes a program of its texts.
     *
     * @throws IllegalArgumentException if a text is missing, or one is there that has no meaning
     */
    public static PortableProgram of(Map<String, String> texts) {
        List<String> algorithms = new ArrayList<>();
        for (int i = 0; texts.containsKey(ALGORITHM + i); i++) {
            algorithms.add(texts.get(ALGORITHM + i));
        }
        for (String key : List.of("task", "data", "training")) {
            Check.that(texts.containsKey(key), "texts of a program", "with " + key, texts.keySet());
        }
        PortableProgram program = new PortableProgram(
                texts.get("task"),
                texts.get("data"),
                Optional.ofNullable(texts.get("evaluation")),
                texts.get("training"),
                algorithms,
                Optional.ofNullable(texts.get("transform")),
                Optional.ofNullable(texts.get("codec")),
                Optional.ofNullable(texts.get("aggregator")));
        Check.that(
                program.texts().equals(new TreeMap<>(texts)),
                "texts of a program",
                "those of " + program.texts().keySet(),
                texts.keySet());
        return program;
    }

    private RunConfig run() {
        StrategyRegistry registry = StrategyRegistry.load();
        FederatedDataset trained = registry.parse(FederatedDataset.class, data);
        SimulationBuilder run = Simulation.builder()
                .task(registry.parse(LearningTask.class, task))
                .data(trained)
                .training(registry.parse(LocalTraining.class, training));
        evaluation
                .map(name -> name.equals(data) ? trained : registry.parse(FederatedDataset.class, name))
                .ifPresent(other -> run.clientEvaluation(other, 1));
        algorithms.forEach(name -> run.algorithm(registry.parse(Algorithm.class, name)));
        transform.ifPresent(name -> run.uploadTransform(registry.parse(UpdateTransform.class, name)));
        codec.ifPresent(name -> run.codec(registry.parse(Codec.class, name)));
        aggregator.ifPresent(name -> run.aggregator(registry.parse(Aggregator.class, name)));
        return run.config();
    }

    /**
     * Opens the program, with all that its names stand for.
     *
     * @throws IllegalArgumentException if a name is not known here; the message lists what is
     */
    @Override
    public Opened open(Device device, ClientStates states) {
        RunConfig parts = run();
        FederatedModel model = new FederatedModel(parts.task);
        try {
            Optional<String> frozen = model.frozenSha256();
            RunConfig run = parts.with(all -> all.frozenSha256 = frozen);
            SortedMap<String, String> identity = RunIdentity.ofClients(run).parts();
            WorkerHost host = OpenRun.host(run, model, states, device, new ClientCall());
            ClaimRule claims = new ClaimRule(run.data.clients(), Optional.ofNullable(run.training));
            return new Opened(model, host.lent(), identity, claims, Optional.ofNullable(run.aggregator));
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /** An open program. */
    public static final class Opened implements ClientHost {
        private final FederatedModel model;
        private final ClientHost host;
        private final SortedMap<String, String> identity;
        private final ClaimRule claims;
        private final Optional<Aggregator> aggregator;

        private Opened(
                FederatedModel model,
                ClientHost host,
                SortedMap<String, String> identity,
                ClaimRule claims,
                Optional<Aggregator> aggregator) {
            this.claims = claims;
            this.aggregator = aggregator;
            this.model = model;
            this.host = host;
            this.identity = Collections.unmodifiableSortedMap(identity);
        }

        /** Returns what the bits of its clients' updates depend on, see {@link ExecutorParts#requireSame}. */
        public SortedMap<String, String> identity() {
            return identity;
        }

        /** Returns the model, whose layout messages have. */
        public FederatedModel model() {
            return model;
        }

        /**
         * Begins a part of a run's sums.
         *
         * @param rule the run's rule, as {@link ExecutorParts#describe} has it
         * @param sent what the clients of the block are sent
         * @throws IllegalArgumentException if the aggregator of this program is another one, or makes no sums
         */
        public BlockFold sum(Map<String, String> rule, SharedMessage sent) {
            Check.that(
                    aggregator.map(ExecutorParts::describe).equals(Optional.of(rule)),
                    "aggregator of a program",
                    "that of the run, " + rule,
                    aggregator.map(ExecutorParts::describe));
            Check.that(aggregator.get() instanceof SumRule, "aggregator of a program", "a SumRule", rule);
            return new BlockFold(claims, (SumRule) aggregator.get(), sent);
        }

        @Override
        public ModelUpdate train(TrainingTask asked) {
            return host.train(asked);
        }

        @Override
        public List<Answer> trainBlock(List<TrainingTask> block) {
            return host.trainBlock(block);
        }

        @Override
        public ModelUpdate answer(String query, TrainingTask asked) {
            return host.answer(query, asked);
        }

        @Override
        public Metrics evaluate(TrainingTask asked) {
            return host.evaluate(asked);
        }

        @Override
        public void close() {
            try {
                host.close();
            } finally {
                model.close();
            }
        }
    }
}
