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
import java.util.function.Function;
import java.util.stream.IntStream;
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
import org.fl4j.tensor.internal.StepRule;

/**
 * What the clients of a block made of one model, all trained at once: the work of {@link SgdClient} for each of them. A
 * client whose examples cannot be read, or whose hooks fail, fails alone. Valid until the worker trains the next block.
 *
 * @see BlockProgram
 * @see SgdClientFactory#ofOneClass
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
     * @param update what it sends, if its class has hooks; {@link TrainedBlock#update} has those of all
     * @param failure why it failed; none if it did not
     * @param row its row of {@link #deltas}
     */
    public record Member(
            ClientId client,
            Optional<Receipt> receipt,
            Optional<ModelUpdate> update,
            Optional<Throwable> failure,
            int row) {}

    private TrainedBlock(List<Member> members, ParameterVector received, BlockProgram.Result result) {
        this.members = List.copyOf(members);
        this.received = received;
        this.result = result;
    }

    /** Returns whether clients of a class, which may override hooks, can train in blocks. */
    public static boolean takes(Class<? extends SgdClient> type) {
        return !Hooks.of(type).ofSteps();
    }

    /**
     * Trains the clients of some tasks, which all have values of one model and no part of it.
     *
     * @param worker where, and in whose memory
     * @param clients makes them, all of one class that a block {@linkplain #takes takes}
     * @param model what they all received
     * @param tasks theirs; a task may have a copy of the model
     * @throws IllegalArgumentException if the model has no program for blocks
     * @throws IllegalStateException if clients differ in how their steps are taken
     */
    public static TrainedBlock train(
            Worker worker, Function<ClientId, SgdClient> clients, ParameterVector model, List<TrainingTask> tasks) {
        Check.that(!tasks.isEmpty(), "tasks", "at least one", tasks);
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ReceivedModel received = new ReceivedModel(worker.model(), model.on(worker.device()));
            List<BlockMember> joined = tasks.stream()
                    .map(task -> BlockMember.of(task, received, clients))
                    .toList();
            putInOneArray(joined, worker.model());
            BlockSchedule schedule =
                    new BlockSchedule(joined.stream().map(BlockMember::schedule).toList());
            List<BlockMember> inOrder = IntStream.range(0, joined.size())
                    .mapToObj(place -> joined.get(schedule.client(place)))
                    .toList();
            int round = tasks.get(0).round();
            BlockProgram.Result result = run(received, round, inOrder, schedule);
            Member[] members = new Member[joined.size()];
            for (int place = 0; place < members.length; place++) {
                BlockMember member = inOrder.get(place);
                double rate = member.hasFailed() ? 0 : member.training().rate(round);
                LocalResult trained =
                        BlockLosses.of(schedule, place, result.losses()).result(schedule.of(place), rate);
                members[schedule.client(place)] =
                        member.ended(trained, result.deltas(), place, received, worker.updates());
            }
            return new TrainedBlock(Arrays.asList(members), received.received(), result);
        }
    }

    private static BlockProgram.Result run(
            ReceivedModel received, int round, List<BlockMember> members, BlockSchedule schedule) {
        NDArray floats = received.received().floats();
        List<BlockMember> sound =
                members.stream().filter(member -> !member.hasFailed()).toList();
        if (sound.isEmpty()) { // nobody has a row
            return new BlockProgram.Result(floats, new float[0], new float[0]);
        }
        boolean corrects = sound.stream().anyMatch(BlockMember::corrects);
        StepRule rule = sound.get(0).training().stepRule(corrects);
        double rate = sound.get(0).training().rate(round);
        for (BlockMember member : sound) {
            LocalTraining own = member.training();
            if (!own.stepRule(corrects).equals(rule) || own.rate(round) != rate) {
                throw new IllegalStateException("clients of a block must train with the same optimizer, learning rate,"
                        + " clipping and proximal term, but had " + sound.get(0).training() + " and " + own);
            }
        }
        return received.model()
                .blockProgram(rule)
                .orElseThrow(() -> new IllegalArgumentException("model must have a program for blocks, but has none"))
                .run(
                        received.model(),
                        schedule.steps(),
                        sound.get(0).examples().orElseThrow().source(),
                        new BlockProgram.Vectors(
                                floats,
                                BlockMember.starts(members, floats),
                                BlockMember.anchors(members, floats),
                                BlockMember.corrections(members, floats)),
                        rate);
    }

    /** Returns a row of a matrix, in an array that belongs to the manager. */
    static ParameterVector delta(NDArray deltas, int row, ParameterVector received, NDManager manager) {
        NDArray delta = manager.create(received.floats().getShape(), DataType.FLOAT32);
        Kernels.copyRow(deltas, row, delta);
        return new ParameterVector(received.layout(), delta, Optional.empty());
    }

    /** Copies examples into one array, unless all clients hold rows of one. */
    private static void putInOneArray(List<BlockMember> members, LocalModel model) {
        List<NDArray> arrays = members.stream()
                .flatMap(member -> member.examples().stream())
                .map(held -> held.source().features())
                .toList();
        if (arrays.stream().allMatch(array -> array == arrays.get(0))) { // equal arrays would be compared by values
            return;
        }
        List<Examples> parts = new ArrayList<>();
        members.forEach(member -> member.examples().ifPresent(held -> parts.add(held.gather(model.manager()))));
        Examples joined = Examples.joined(parts);
        int next = 0;
        for (BlockMember member : members) {
            if (!member.hasFailed()) {
                int count = member.examples().orElseThrow().count();
                member.moved(ClientExamples.range(joined, next, count));
                next += count;
            }
        }
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

    /** Returns the update of a client that did not fail, with arrays of its own that belong to the manager. */
    public ModelUpdate update(Member member, NDManager manager) {
        if (member.update().isPresent()) {
            return member.update().get().keep(manager);
        }
        Payload payload = new Payload(Optional.of(delta(deltas(), member.row(), received, manager)), Map.of());
        return new ModelUpdate(member.receipt().orElseThrow(), payload, Map.of()).keep(manager);
    }
}
