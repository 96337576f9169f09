package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.fl4j.data.ClientExamples;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
import org.fl4j.message.TrainingTask;
import org.fl4j.tensor.ParameterVector;

/**
 * One client of a block: what comes before its steps, and what comes after them. Whatever it throws is its own failure.
 * A client of {@link SgdClient} itself has no hooks, and costs no copies of the model.
 */
final class BlockMember {
    private final TrainingTask task;
    private Optional<Throwable> failure = Optional.empty();
    private SgdClient client; // null if it could not be made
    private ClientExamples examples; // null if it failed
    private NDArray start; // null if it begins with what it received
    private NDArray anchor;
    private Optional<NDArray> correction = Optional.empty();

    private BlockMember(TrainingTask task) {
        this.task = task;
    }

    /** Begins the training of a client; arrays belong to the open scope. */
    static BlockMember of(TrainingTask task, ReceivedModel received, Function<ClientId, SgdClient> clients) {
        BlockMember member = new BlockMember(task);
        member.attempt(() -> {
            member.client = clients.apply(task.client());
            ClientExamples found = member.client.prepare(task);
            if (member.hasHooks()) {
                member.begin(received);
            }
            member.examples = found;
            return member;
        });
        return member;
    }

    private <T> Optional<T> attempt(Supplier<T> work) {
        try {
            return Optional.of(work.get());
        } catch (RuntimeException | Error e) { // whatever it is, it is the client's own failure
            failure = Optional.of(e);
            return Optional.empty();
        }
    }

    private boolean hasHooks() {
        return client.getClass() != SgdClient.class;
    }

    private void begin(ReceivedModel received) {
        NDArray like = received.received().floats();
        received.load();
        try {
            client.begin(task);
            NDArray pulling = client.anchor(task.model().on(like.getDevice()));
            if (client.training().proximalTerm() > 0) {
                anchor = vector("anchor", pulling, like);
            }
            correction = client.gradientCorrection(task).map(own -> vector("gradientCorrection", own, like));
        } finally {
            if (received.isChanged()) {
                start = received.model().parameters().floats().duplicate();
            }
        }
    }

    private static NDArray vector(String hook, NDArray own, NDArray like) {
        Check.that(!own.isReleased(), "what " + hook + " returns", "an open array", "closed");
        Check.that(
                own.getShape().equals(like.getShape())
                        && own.getDataType() == like.getDataType()
                        && own.getDevice().equals(like.getDevice()),
                "what " + hook + " returns",
                "float32 of shape " + like.getShape() + " on " + like.getDevice(),
                own.getDataType() + " of shape " + own.getShape() + " on " + own.getDevice());
        return own;
    }

    /** Has no examples to train on, whatever the reason. */
    boolean hasFailed() {
        return examples == null;
    }

    LocalTraining training() {
        return client.training();
    }

    Optional<ClientExamples> examples() {
        return Optional.ofNullable(examples);
    }

    /** Goes on with the same examples in another array. */
    void moved(ClientExamples others) {
        examples = others;
    }

    LocalSchedule schedule() {
        return hasFailed()
                ? LocalSchedule.NONE
                : LocalSchedule.of(client.training(), examples, task.seed(SgdClient.SHUFFLE));
    }

    boolean corrects() {
        return correction.isPresent();
    }

    /** Says what of each client a program takes, in their order. */
    static List<NDArray> starts(List<BlockMember> members, NDArray received) {
        return members.stream().allMatch(member -> member.start == null)
                ? List.of()
                : members.stream().map(member -> orElse(member.start, received)).toList();
    }

    static List<NDArray> anchors(List<BlockMember> members, NDArray received) {
        return members.stream().allMatch(member -> member.anchor == null)
                ? List.of()
                : members.stream()
                        .map(member -> orElse(member.anchor, received))
                        .toList();
    }

    static List<NDArray> corrections(List<BlockMember> members, NDArray received) {
        if (members.stream().noneMatch(BlockMember::corrects)) {
            return List.of();
        }
        NDArray none = received.zerosLike();
        return members.stream().map(member -> member.correction.orElse(none)).toList();
    }

    private static NDArray orElse(NDArray own, NDArray otherwise) {
        return own == null ? otherwise : own;
    }

    /**
     * Ends the training.
     *
     * @param deltas local minus received models
     * @param row the row of this client
     */
    TrainedBlock.Member ended(LocalResult result, NDArray deltas, int row, ReceivedModel received, NDManager updates) {
        Optional<Receipt> receipt = Optional.empty();
        Optional<ModelUpdate> update = Optional.empty();
        if (!hasFailed() && hasHooks()) {
            update = attempt(() -> {
                received.loadTrained(deltas, row);
                return client.end(task, delta(deltas, row, received, updates), result);
            });
            receipt = update.map(ModelUpdate::receipt);
        } else if (!hasFailed()) {
            receipt = Optional.of(result.receipt(task, examples.count()));
        }
        return new TrainedBlock.Member(task.client(), receipt, update, failure, row);
    }

    private ParameterVector delta(NDArray deltas, int row, ReceivedModel received, NDManager updates) {
        if (Hooks.of(client.getClass()).afterTraining()) {
            client.afterTraining(task, received.model());
            return received.model().parameters().minus(received.received(), updates);
        }
        return TrainedBlock.delta(deltas, row, received.received(), updates);
    }
}
