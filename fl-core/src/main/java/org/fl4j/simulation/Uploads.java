package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.fl4j.core.ClientId;
import org.fl4j.core.Facts;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.core.RoundContext;
import org.fl4j.core.RoundPlan;
import org.fl4j.core.ServerUpdate;

/** The updates of a round as the server takes them, with the bytes that it took. */
final class Uploads implements Iterable<ModelUpdate>, AutoCloseable {
    private final ClientExecutor.Results<Upload> results;
    private final RoundPlan plan;
    private final ClaimRule claims;
    private final RoundContext round;
    private final BiConsumer<Integer, Set<ClientId>> commit;
    private final List<Rejection> rejected = new ArrayList<>(); // before the server saw them
    private Optional<Upload> folding = Optional.empty(); // what the server was handed last
    private long bytesDown;
    private long bytesUp;

    /** An update, and the size of the message that the client was sent. */
    record Upload(ModelUpdate update, long bytesDown, ClientCall owner) implements AutoCloseable {
        /** Adds what the server knows of the client. */
        Upload with(Facts known) {
            return new Upload(update.with(update.facts().with(known)), bytesDown, owner);
        }

        /** Lets the update go, which the server has freed. */
        void arrived() {
            owner.forget(update);
        }

        /** Frees an update that the server is not handed. */
        @Override
        public void close() {
            owner.forget(update);
            update.close();
        }
    }

    Uploads(
            ClientExecutor.Results<Upload> results,
            RoundPlan plan,
            ClaimRule claims,
            RoundContext round,
            BiConsumer<Integer, Set<ClientId>> commit) {
        this.results = results;
        this.plan = plan;
        this.claims = claims;
        this.round = round;
        this.commit = commit;
    }

    /** Hands out the updates whose claims can be true. The server frees them. */
    @Override
    public Iterator<ModelUpdate> iterator() {
        return new Iterator<>() {
            private Optional<Upload> next = Optional.empty();

            @Override
            public boolean hasNext() {
                forgetTheLast();
                while (next.isEmpty() && results.hasNext()) {
                    next = admitted(results.next());
                }
                return next.isPresent();
            }

            @Override
            public ModelUpdate next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("every update of the round was taken");
                }
                folding = next;
                next = Optional.empty();
                return folding.orElseThrow().update();
            }
        };
    }

    private void forgetTheLast() {
        folding.ifPresent(Upload::arrived);
        folding = Optional.empty();
    }

    private Optional<Upload> admitted(Upload upload) {
        bytesDown += upload.bytesDown();
        bytesUp += upload.update().byteCount();
        Optional<String> fault = claims.fault(upload.update());
        fault.ifPresent(detail -> {
            rejected.add(new Rejection(upload.update().client(), RejectionReason.FALSE_CLAIM, detail));
            upload.close();
        });
        return fault.isPresent()
                ? Optional.empty()
                : Optional.of(upload.with(plan.facts(upload.update().client())));
    }

    /**
     * Returns the false claims, the server's rejections, those whom the plan did not wait for, and as late all whom the
     * server did not ask any more.
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
        return results.failures();
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
        commit.accept(round.number(), update.accepted().keySet());
    }

    /** Waits for clients that have begun and whom the server does not want any more. */
    @Override
    public void close() {
        forgetTheLast();
        results.close();
    }
}
