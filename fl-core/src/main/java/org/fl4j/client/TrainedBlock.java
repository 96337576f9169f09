package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.Receipt;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.BlockProgram;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * What the clients of a block made of one model, all trained at once: the work of an {@link SgdClient} without hooks,
 * for each of them. A client whose examples cannot be read fails, and harms no other. Valid until the worker trains the
 * next block.
 *
 * @see BlockProgram
 */
public final class TrainedBlock {
    private final List<Member> members;
    private final ParameterVector received;
    private final BlockProgram.Result result;

    /**
     * A client of the block.
     *
     * @param client who
     * @param receipt what is said of its training; none if it failed
     * @param failure why it failed; none if it did not
     * @param row its row of {@link #deltas}
     */
    public record Member(ClientId client, Optional<Receipt> receipt, Optional<RuntimeException> failure, int row) {}

    private TrainedBlock(List<Member> members, ParameterVector received, BlockProgram.Result result) {
        this.members = List.copyOf(members);
        this.received = received;
        this.result = result;
    }

    /**
     * Trains the clients of some tasks, which all send the same model and no part of it.
     *
     * @param worker where, and in whose memory
     * @param training how clients are set up to train
     * @throws IllegalArgumentException if the model has no program for blocks
     */
    public static TrainedBlock train(Worker worker, LocalTraining training, List<TrainingTask> tasks) {
        Check.that(!tasks.isEmpty(), "tasks", "at least one", tasks);
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ParameterVector received = tasks.get(0).model().on(worker.device());
            List<Prepared> clients = inOneArray(
                    tasks.stream().map(task -> prepared(worker, training, task)).toList(), worker.model());
            BlockSchedule schedule =
                    new BlockSchedule(clients.stream().map(Prepared::schedule).toList());
            double rate = training.rate(tasks.get(0).round());
            BlockProgram.Result result = run(worker.model(), training, received, clients, schedule);
            Member[] members = new Member[clients.size()];
            for (int place = 0; place < members.length; place++) {
                int client = schedule.client(place);
                BlockLosses losses = BlockLosses.of(schedule, place, result.losses());
                members[client] = clients.get(client).member(losses.result(schedule.of(place), rate), place);
            }
            return new TrainedBlock(Arrays.asList(members), received, result);
        }
    }

    private static BlockProgram.Result run(
            LocalModel model,
            LocalTraining training,
            ParameterVector received,
            List<Prepared> clients,
            BlockSchedule schedule) {
        Optional<Examples> source = clients.stream()
                .flatMap(client -> client.examples().stream())
                .map(ClientExamples::source)
                .findFirst();
        if (source.isEmpty()) { // everybody has failed, and nobody has a row
            return new BlockProgram.Result(received.floats(), new float[0], new float[0]);
        }
        return model.blockProgram(training.stepRule(/* corrected= */ false))
                .orElseThrow(() -> new IllegalArgumentException("model must have a program for blocks, but has none"))
                .run(
                        model,
                        schedule.steps(),
                        source.get(),
                        received.floats(),
                        training.rate(clients.get(0).task().round()));
    }

    /** What is known of a client before the block trains: its examples, or why it has none. */
    private record Prepared(
            TrainingTask task,
            LocalTraining training,
            Optional<ClientExamples> examples,
            Optional<RuntimeException> failure) {
        LocalSchedule schedule() {
            return examples.map(held -> LocalSchedule.of(training, held, task.seed(SgdClient.SHUFFLE)))
                    .orElse(LocalSchedule.NONE);
        }

        Prepared with(ClientExamples others) {
            return new Prepared(task, training, Optional.of(others), failure);
        }

        Member member(LocalResult result, int row) {
            Optional<Receipt> receipt = examples.map(held -> new Receipt(
                    task.client(),
                    Receipt.Outcome.SENT,
                    task.modelVersion(),
                    held.count(),
                    result.steps(),
                    result.facts(),
                    result.metrics(),
                    /* bytes= */ 0));
            return new Member(task.client(), receipt, failure, row);
        }
    }

    private static Prepared prepared(Worker worker, LocalTraining configured, TrainingTask task) {
        try {
            ClientExamples examples = new SgdClient(task.client(), worker, configured).examples();
            LocalTraining training = configured.under(task.settings(), examples.count());
            return new Prepared(task, training, Optional.of(examples), Optional.empty());
        } catch (RuntimeException e) { // the client's own failure
            return new Prepared(task, configured, Optional.empty(), Optional.of(e));
        }
    }

    /** Copies examples into one array, unless all clients hold rows of one. */
    private static List<Prepared> inOneArray(List<Prepared> clients, LocalModel model) {
        List<NDArray> arrays = clients.stream()
                .flatMap(client -> client.examples().stream())
                .map(held -> held.source().features())
                .toList();
        if (arrays.stream().allMatch(array -> array == arrays.get(0))) { // equal arrays would be compared by values
            return clients;
        }
        List<Examples> parts = new ArrayList<>();
        clients.forEach(client -> client.examples().ifPresent(held -> parts.add(held.gather(model.manager()))));
        Examples joined = Examples.joined(parts);
        List<Prepared> moved = new ArrayList<>();
        int next = 0;
        for (Prepared client : clients) {
            if (client.examples().isEmpty()) {
                moved.add(client);
            } else {
                int count = client.examples().get().count();
                moved.add(client.with(ClientExamples.range(joined, next, count)));
                next += count;
            }
        }
        return moved;
    }

    /** Returns the clients, in the order of their tasks. */
    public List<Member> members() {
        return members;
    }

    /** Returns local minus received models: float32, shape (clients, parameters). */
    public NDArray deltas() {
        return result.deltas();
    }

    /** Returns whether a client's delta has no NaN and no infinite value. */
    public boolean isFinite(Member member) {
        return Float.isFinite(result.sums()[member.row()]) || Kernels.isRowFinite(deltas(), member.row());
    }

    /** Returns the size of each client's delta. */
    public long byteCount() {
        return received.layout().byteCount();
    }

    /** Returns the update of a client that did not fail, with an array of its own that belongs to the manager. */
    public ModelUpdate update(Member member, NDManager manager) {
        NDArray delta = manager.create(received.floats().getShape(), DataType.FLOAT32);
        Kernels.copyRow(deltas(), member.row(), delta);
        Payload payload =
                new Payload(Optional.of(new ParameterVector(received.layout(), delta, Optional.empty())), Map.of());
        return new ModelUpdate(member.receipt().orElseThrow(), payload, Map.of()).keep(manager);
    }
}
