package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.fl4j.core.BlockSums;
import org.fl4j.core.Fold;
import org.fl4j.core.UpdateStream;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerUpdate;

/** The updates of a round as the server takes them, with the bytes that it took. */
final class Uploads implements UpdateStream, AutoCloseable {
    private final Training training;
    private final RoundPlan plan;
    private final RoundContext round;
    private final List<Rejection> rejected = new ArrayList<>(); // before the server saw them
    private Optional<CohortExecutor.Answers<ModelUpdate>> updates = Optional.empty(); // once somebody reads them
    private Optional<CohortExecutor.Answers<BlockSums>> sums = Optional.empty(); // or these in their place
    private long bytesDown;
    private long bytesUp;

    Uploads(Training training, RoundPlan plan, RoundContext round) {
        this.training = training;
        this.plan = plan;
        this.round = round;
    }

    /** Hands out the updates whose claims can be true, decoded. The server frees them. */
    @Override
    public Iterator<ModelUpdate> iterator() {
        CohortExecutor.Answers<ModelUpdate> answers =
                updates.orElseGet(() -> training.executor().train(plan, round));
        updates = Optional.of(answers);
        return new Iterator<>() {
            private Optional<ModelUpdate> next = Optional.empty();

            @Override
            public boolean hasNext() {
                while (next.isEmpty() && answers.hasNext()) {
                    next = admitted(answers.next());
                }
                return next.isPresent();
            }

            @Override
            public ModelUpdate next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("every update of the round was taken");
                }
                ModelUpdate update = next.orElseThrow();
                next = Optional.empty();
                return update;
            }
        };
    }

    /** Takes sums from the executor, if it makes them and nobody must see each update. */
    @Override
    public void fold(RoundPlan asked, Fold fold) {
        sums = training.encoded()
                ? Optional.empty()
                : fold.rule().flatMap(rule -> training.executor().sum(asked, round, rule));
        if (sums.isEmpty()) {
            UpdateStream.super.fold(asked, fold);
            return;
        }
        while (sums.get().hasNext()) {
            BlockSums block = sums.get().next();
            block.sizes().forEach((client, size) -> {
                bytesDown += plan.byteCount(client);
                bytesUp += size;
            });
            rejected.addAll(block.falseClaims());
            fold.merge(block);
        }
    }

    private Optional<ModelUpdate> admitted(ModelUpdate update) {
        ClientId client = update.client();
        bytesDown += plan.byteCount(client);
        bytesUp += update.payload().byteCount();
        Optional<String> fault =
                training.claims().fault(update, plan.order(client).slice());
        if (fault.isPresent()) {
            return rejected(update, RejectionReason.FALSE_CLAIM, fault.get());
        }
        ModelUpdate read;
        try {
            read = training.decode().apply(update);
        } catch (IllegalArgumentException e) {
            return rejected(update, RejectionReason.UNDECODABLE, e.getMessage());
        }
        Facts known = plan.facts(client);
        return Optional.of(
                known.values().isEmpty() ? read : read.with(read.facts().with(known)));
    }

    private Optional<ModelUpdate> rejected(ModelUpdate update, RejectionReason reason, String detail) {
        rejected.add(new Rejection(update.client(), reason, detail));
        update.close();
        return Optional.empty();
    }

    /**
     * Returns the false claims and what could not be decoded, the server's rejections, those whom the plan did not wait
     * for, and as late all whom the server did not ask any more.
     */
    List<Rejection> rejections(ServerUpdate update) {
        List<Rejection> rejections = new ArrayList<>(rejected);
        rejections.addAll(update.rejected());
        rejections.addAll(plan.absent());
        Set<ClientId> known = new HashSet<>(update.accepted().keySet());
        rejections.forEach(rejection -> known.add(rejection.client()));
        failures().forEach(failure -> known.add(failure.client()));
        String detail = "the round closed with " + update.accepted().size() + " updates before this one";
        plan.cohort().stream()
                .filter(client -> !known.contains(client))
                .forEach(client -> rejections.add(new Rejection(client, RejectionReason.LATE, detail)));
        return rejections;
    }

    List<ClientFailure> failures() {
        return updates.map(CohortExecutor.Answers::failures)
                .or(() -> sums.map(CohortExecutor.Answers::failures))
                .orElse(List.of());
    }

    long bytesDown() {
        return bytesDown;
    }

    long bytesUp() {
        return bytesUp;
    }

    /**
     * Ends the round: gives up the clients that the server does not want any more, then keeps what the accepted ones
     * remember.
     */
    void end(ServerUpdate update) {
        close(); // or they might keep something after this round's states are committed
        training.commit().accept(round.number(), update.accepted().keySet());
    }

    /** Waits for clients that have begun and whom the server does not want any more. */
    @Override
    public void close() {
        updates.ifPresent(CohortExecutor.Answers::close);
        sums.ifPresent(CohortExecutor.Answers::close);
    }
}
