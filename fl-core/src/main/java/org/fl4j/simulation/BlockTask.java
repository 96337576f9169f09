package org.fl4j.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.execution.internal.TaskNotes;
import org.fl4j.message.ClientId;

/** The clients that one task works on, and what is to be said of each of them. */
final class BlockTask {
    private final List<ClientId> clients;
    private final Map<ClientId, TaskNotes> notes = new ConcurrentHashMap<>();
    private final Map<ClientId, String> errors = new ConcurrentHashMap<>();

    BlockTask(List<ClientId> clients) {
        this.clients = List.copyOf(clients);
    }

    List<ClientId> clients() {
        return clients;
    }

    TaskNotes notes(ClientId client) {
        return notes.computeIfAbsent(client, any -> new TaskNotes());
    }

    void failed(ClientId client, Throwable cause) {
        errors.put(client, cause.toString());
    }

    /** Makes a record for each client of the one for the block, whose time they share. */
    List<TaskRecord> records(TaskRecord block) {
        List<TaskRecord> records = new ArrayList<>();
        int count = clients.size();
        Duration share = Duration.between(block.started(), block.ended()).dividedBy(count);
        for (int i = 0; i < count; i++) {
            ClientId client = clients.get(i);
            Optional<String> error = Optional.ofNullable(errors.get(client)).or(block::error);
            Outcome outcome = errors.containsKey(client) ? Outcome.FAILED : block.outcome();
            Instant started = block.started().plus(share.multipliedBy(i));
            TaskNotes own = notes(client);
            records.add(new TaskRecord(
                    new TaskId(block.id().round(), client, block.id().kind()),
                    block.priority(),
                    block.thread(),
                    block.attempts(),
                    block.submitted(),
                    started,
                    i + 1 == count ? block.ended() : started.plus(share),
                    block.runTime().dividedBy(count),
                    outcome,
                    error,
                    block.metrics().merge(own.metrics()),
                    own.updateSha256()));
        }
        return records;
    }
}
