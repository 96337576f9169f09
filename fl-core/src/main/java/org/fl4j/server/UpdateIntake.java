package org.fl4j.server;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.fl4j.core.Admission;
import org.fl4j.core.BlockSums;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;

/** Judges one round's updates by a policy, and records which clients were accepted and which were rejected. */
public final class UpdateIntake {
    private final ServerState state;
    private final UpdatePolicy policy;
    private final UpdateValidator validator;
    private final boolean readsDelta;
    private final int maxStaleness;
    private final Map<ClientId, Receipt> accepted = new LinkedHashMap<>();
    private final Map<ClientId, Receipt> refused = new LinkedHashMap<>();
    private final List<Rejection> rejected = new ArrayList<>();

    private boolean closed; // before all updates were read

    /** Starts a synchronous round of updates with a delta; {@code state} is what the cohort was sent. */
    public UpdateIntake(ServerState state, UpdatePolicy policy) {
        this(state, policy, /* maxStaleness= */ 0, /* readsDelta= */ true, /* slices= */ false);
    }

    /**
     * Starts a round.
     *
     * @param state the newest state
     * @param policy which updates are taken
     * @param maxStaleness how many versions a client may be behind the state
     * @param readsDelta whether an update must have a delta
     * @param slices whether it may be of a part of the model
     */
    public UpdateIntake(ServerState state, UpdatePolicy policy, int maxStaleness, boolean readsDelta, boolean slices) {
        this.state = state;
        this.policy = policy;
        this.readsDelta = readsDelta;
        this.maxStaleness = maxStaleness;
        validator = new UpdateValidator(state, maxStaleness, slices);
    }

    /**
     * Takes updates until there are no more or enough, and frees each when it is folded.
     *
     * @param judge the aggregator's own check; never returns null
     * @param fold what is done with an accepted update
     */
    public void take(
            Iterable<ModelUpdate> updates, Function<ModelUpdate, Admission> judge, Consumer<ModelUpdate> fold) {
        for (ModelUpdate update : updates) {
            take(update, judge, fold);
            if (!wantsMore()) {
                return;
            }
        }
    }

    /** Returns whether the round takes more updates; it closes with as many as the policy has. */
    public boolean wantsMore() {
        closed |= accepted.size() == policy.bufferSize();
        return !closed;
    }

    /** Returns whether the round takes all sound updates of so many clients, and nobody looks at them but the rules. */
    boolean takesAllOf(int clients) {
        return policy.bufferSize() >= clients
                && policy.filter().equals(UpdatePolicy.all().filter())
                && maxStaleness == 0;
    }

    /** Takes what another process has judged. */
    void take(BlockSums part) {
        part.accepted()
                .forEach(receipt ->
                        accepted.put(receipt.client(), receipt.with(Receipt.Outcome.ACCEPTED, receipt.bytes())));
        part.refused()
                .forEach(receipt ->
                        refused.put(receipt.client(), receipt.with(Receipt.Outcome.REJECTED, receipt.bytes())));
        rejected.addAll(part.rejected());
    }

    /**
     * Judges an update whose delta, of the right layout, is somewhere else, with a policy that takes all. Whoever calls
     * this adds what is accepted.
     *
     * @param update without its delta
     * @param finite whether the delta is
     */
    public boolean accepts(ModelUpdate update, boolean finite) {
        if (validator.judge(update, finite) instanceof Admission.Rejected rejection) {
            reject(update, rejection);
            return false;
        }
        accepted.put(update.client(), update.receipt(Receipt.Outcome.ACCEPTED));
        return true;
    }

    /** Takes one update and frees it. */
    void take(ModelUpdate sent, Function<ModelUpdate, Admission> judge, Consumer<ModelUpdate> fold) {
        try (sent) {
            judge(sent, judge, fold);
        }
    }

    private void judge(ModelUpdate update, Function<ModelUpdate, Admission> judge, Consumer<ModelUpdate> fold) {
        Admission admission = validator.judge(update);
        if (admission instanceof Admission.Accepted
                && readsDelta
                && update.payload().delta().isEmpty()) {
            admission = Admission.rejected(RejectionReason.WRONG_SHAPE, "delta must be there, but the update has none");
        }
        if (admission instanceof Admission.Accepted) {
            admission = filtered("onModelUpdate", () -> policy.filter().onModelUpdate(update, state));
        }
        if (admission instanceof Admission.Rejected rejection) {
            reject(update, rejection);
            return;
        }
        try (ModelUpdate seen = filtered("transformed", () -> policy.filter().transformed(update, state))) {
            if (judge.apply(seen) instanceof Admission.Rejected rejection) {
                reject(update, rejection);
            } else {
                fold.accept(seen);
                accepted.put(update.client(), seen.receipt(Receipt.Outcome.ACCEPTED));
            }
        }
    }

    private <T> T filtered(String method, Supplier<T> call) {
        return StrategyCall.ask(state.round() + 1, "update filter", policy.filter(), method, call);
    }

    private void reject(ModelUpdate update, Admission.Rejected rejection) {
        rejected.add(new Rejection(update.client(), rejection.reason(), rejection.detail()));
        refused.putIfAbsent(update.client(), update.receipt(Receipt.Outcome.REJECTED));
    }

    /**
     * Returns an update of the state by nothing: with what was accepted rejected, because the round's aggregate is not
     * finite.
     */
    public ServerUpdate refused(ServerState unchanged, String fault) {
        List<Rejection> all = new ArrayList<>(rejected());
        accepted().keySet().forEach(client -> all.add(new Rejection(client, RejectionReason.ROUND_REFUSED, fault)));
        if (accepted().isEmpty()) {
            throw new IllegalStateException("round " + (state.round() + 1) + ": " + fault);
        }
        return new ServerUpdate(unchanged, Map.of(), all, Metrics.none());
    }

    /** Returns whether so many updates were accepted that the round counts. */
    public boolean isEnough() {
        return accepted.size() >= policy.minimumUpdates();
    }

    /** Returns the receipts of the accepted clients; none if they were too few. */
    public Map<ClientId, Receipt> accepted() {
        return isEnough() ? accepted : Map.of();
    }

    /**
     * Returns one receipt for each client that a round asked: those of the cohort in its order, then the absent ones.
     *
     * @param counts whether the round counts; if not, nobody was accepted
     */
    public List<Receipt> receipts(RoundPlan plan, boolean counts) {
        List<Receipt> receipts = new ArrayList<>();
        Receipt.Outcome unread = closed ? Receipt.Outcome.LATE : Receipt.Outcome.FAILED;
        List<ClientId> cohort = plan.cohort();
        for (int i = cohort.size() - 1; i >= 0; i--) { // who comes before an update that was read has failed
            ClientId client = cohort.get(i);
            Receipt known = accepted.getOrDefault(client, refused.get(client));
            if (known == null) {
                receipts.add(plan.receipt(client, unread));
            } else {
                receipts.add(counts && isEnough() ? known : known.with(Receipt.Outcome.REJECTED));
                unread = Receipt.Outcome.FAILED;
            }
        }
        Collections.reverse(receipts);
        for (Rejection absent : plan.absent()) {
            receipts.add(plan.receipt(
                    absent.client(),
                    absent.reason() == RejectionReason.DROPPED_OUT
                            ? Receipt.Outcome.DROPPED_OUT
                            : Receipt.Outcome.LATE));
        }
        return receipts;
    }

    /** Returns who was rejected, and all others if they were too few. */
    public List<Rejection> rejected() {
        List<Rejection> all = new ArrayList<>(rejected);
        if (!isEnough()) {
            String detail =
                    "accepted updates must be at least " + policy.minimumUpdates() + ", but were " + accepted.size();
            accepted.keySet().forEach(client -> all.add(new Rejection(client, RejectionReason.TOO_FEW, detail)));
        }
        return all;
    }
}
