package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.fl4j.core.Admission;
import org.fl4j.core.Server;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.UpdateValidator;

/**
 * Asks clients what the server wants to know before it plans a round.
 *
 * @param server asks, and folds the answers
 * @param starts knows who there is
 * @param executor runs the clients
 * @param claims what may be true of answers
 */
record Queries(Server server, RoundStarts starts, CohortExecutor executor, ClaimRule claims) {
    /**
     * What is known when a round is planned.
     *
     * @param state with what the answers came to
     * @param failures of clients that were asked
     * @param rejected answers that were left out
     * @param bytesDown what was sent to clients that answered
     * @param bytesUp what they answered
     */
    record Asked(
            ServerState state, List<ClientFailure> failures, List<Rejection> rejected, long bytesDown, long bytesUp) {}

    /** Asks what the server wants to know, if anything. */
    Asked before(ServerState state, RoundContext round) {
        Optional<Query> query = server.query(state, starts.clients(), round);
        if (query.isEmpty()) {
            return new Asked(state, List.of(), List.of(), 0, 0);
        }
        try (CohortExecutor.Answers<ModelUpdate> answers = executor.ask(query.get(), round);
                Sound sound = new Sound(answers, query.get(), new UpdateValidator(state))) {
            ServerState next = server.answered(state, query.get(), () -> sound, round);
            return new Asked(next, answers.failures(), List.copyOf(sound.rejected), sound.bytesDown, sound.bytesUp);
        }
    }

    /** Hands out answers that are sound; each is freed when the next is asked for. */
    private final class Sound implements Iterator<ModelUpdate>, AutoCloseable {
        private final Iterator<ModelUpdate> answers;
        private final Query query;
        private final UpdateValidator validator;
        private final List<Rejection> rejected = new ArrayList<>();
        private Optional<ModelUpdate> next = Optional.empty();
        private Optional<ModelUpdate> folding = Optional.empty();
        private long bytesDown;
        private long bytesUp;

        Sound(Iterator<ModelUpdate> answers, Query query, UpdateValidator validator) {
            this.answers = answers;
            this.query = query;
            this.validator = validator;
        }

        @Override
        public boolean hasNext() {
            folding.ifPresent(ModelUpdate::close);
            folding = Optional.empty();
            while (next.isEmpty() && answers.hasNext()) {
                next = admitted(answers.next());
            }
            return next.isPresent();
        }

        private Optional<ModelUpdate> admitted(ModelUpdate answer) {
            bytesDown += query.byteCount(answer.client());
            bytesUp += answer.payload().byteCount();
            Optional<Rejection> fault = claims.fault(answer, Optional.empty())
                    .map(claim -> new Rejection(answer.client(), RejectionReason.FALSE_CLAIM, claim))
                    .or(() -> validator.judge(answer) instanceof Admission.Rejected judged
                            ? Optional.of(new Rejection(answer.client(), judged.reason(), judged.detail()))
                            : Optional.empty());
            if (fault.isPresent()) {
                rejected.add(fault.get());
                answer.close();
                return Optional.empty();
            }
            return Optional.of(answer);
        }

        @Override
        public ModelUpdate next() {
            if (!hasNext()) {
                throw new NoSuchElementException("every answer was taken");
            }
            ModelUpdate answer = next.orElseThrow();
            folding = next;
            next = Optional.empty();
            return answer;
        }

        /** Frees what the server has not asked for, or not gone on from. */
        @Override
        public void close() {
            folding.ifPresent(ModelUpdate::close);
            next.ifPresent(ModelUpdate::close);
        }
    }
}
