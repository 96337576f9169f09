package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.core.ServerUpdate;

/** The updates of a round as the server takes them, with the bytes that it took. */
final class Uploads implements Iterable<ModelUpdate>, AutoCloseable {
    private final ClientExecutor.Results<Upload> results;
    private long bytesDown;
    private long bytesUp;

    /** An update, and the size of the message that the client was sent. */
    record Upload(ModelUpdate update, long bytesDown) implements AutoCloseable {
        @Override
        public void close() {
            update.close();
        }
    }

    Uploads(ClientExecutor.Results<Upload> results) {
        this.results = results;
    }

    @Override
    public Iterator<ModelUpdate> iterator() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return results.hasNext();
            }

            @Override
            public ModelUpdate next() {
                Upload upload = results.next();
                bytesDown += upload.bytesDown();
                bytesUp += upload.update().byteCount();
                return upload.update();
            }
        };
    }

    /** Returns the server's rejections, and as late all whom it did not ask any more. */
    List<Rejection> rejections(List<ClientId> cohort, ServerUpdate update) {
        Set<ClientId> known = new HashSet<>(update.accepted().keySet());
        update.rejected().forEach(rejection -> known.add(rejection.client()));
        failures().forEach(failure -> known.add(failure.client()));
        String detail = "the round closed with " + update.accepted().size() + " updates before this one";
        List<Rejection> rejections = new ArrayList<>(update.rejected());
        cohort.stream()
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

    /** Waits for clients that have begun and whom the server does not want any more. */
    void giveUpTheRest() {
        results.close();
    }

    @Override
    public void close() {
        giveUpTheRest();
    }
}
