package org.fl4j.simulation;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.fl4j.internal.Durable;

/**
 * The reports of a run's rounds, one JSON object a line, in a file beside the checkpoints. It only grows, so that a
 * checkpoint costs the same in every round; each checkpoint names how much of it is its own, and the SHA-256 of that.
 */
final class History {
    static final String FILE = "history.jsonl";

    private final Path file;
    private final MessageDigest digest;
    private long bytes;
    private int rounds;

    /**
     * Which part of the file belongs to a checkpoint.
     *
     * @param bytes from the start of the file
     * @param sha256 of these bytes, in hexadecimal digits
     */
    record Mark(long bytes, String sha256) {}

    private History(Path file) {
        this.file = file;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Begins a history, in place of what a run left that was broken off before its first checkpoint. */
    static History begin(Path directory) {
        History history = new History(directory.resolve(FILE));
        try {
            Durable.write(history.file, new byte[0]);
        } catch (IOException e) {
            throw history.failure("cannot be written: ", e);
        }
        return history;
    }

    /** Continues a history after a checkpoint; the lines of later rounds, which are run again, are cut off. */
    static History resume(Path directory, Checkpoint.Stored from) {
        History history = new History(directory.resolve(FILE));
        history.digest.update(history.content(from.mark()));
        history.bytes = from.mark().bytes();
        history.rounds = from.checkpoint().history().size();
        try (FileChannel channel = FileChannel.open(history.file, StandardOpenOption.WRITE)) {
            channel.truncate(history.bytes);
            channel.force(true);
        } catch (IOException e) {
            throw history.failure("cannot be cut to the checkpoint's length: ", e);
        }
        return history;
    }

    /** Appends the reports that are not in the file yet, for good, and returns what belongs to a checkpoint now. */
    Mark append(List<RoundReport> all) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (RoundReport report : all.subList(rounds, all.size())) {
            lines.writeBytes(ReportJson.write(report).toString().getBytes(StandardCharsets.UTF_8));
            lines.write('\n');
        }
        try {
            Durable.append(file, lines.toByteArray());
        } catch (IOException e) {
            throw failure("cannot be written: ", e);
        }
        digest.update(lines.toByteArray());
        bytes += lines.size();
        rounds = all.size();
        return new Mark(bytes, soFar());
    }

    private String soFar() {
        try {
            return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the platform's SHA-256 can be cloned", e);
        }
    }

    /**
     * Reads the reports that belong to a checkpoint.
     *
     * @throws CheckpointException if they are damaged
     */
    static List<RoundReport> read(Path directory, Mark mark) {
        History history = new History(directory.resolve(FILE));
        List<RoundReport> reports = new ArrayList<>();
        for (String line : new String(history.content(mark), StandardCharsets.UTF_8)
                .lines()
                .toList()) {
            try {
                reports.add(ReportJson.read(JsonParser.parseString(line).getAsJsonObject()));
            } catch (JsonParseException | IllegalStateException | IllegalArgumentException e) {
                throw new CheckpointException(history.file, "line " + (reports.size() + 1) + ": " + e.getMessage(), e);
            }
        }
        return reports;
    }

    private byte[] content(Mark mark) {
        try {
            byte[] all = Files.readAllBytes(file);
            if (all.length < mark.bytes()) {
                throw new CheckpointException(
                        file, "it must have at least " + mark.bytes() + " bytes, but has " + all.length);
            }
            byte[] own = Arrays.copyOf(all, Math.toIntExact(mark.bytes()));
            MessageDigest check = MessageDigest.getInstance("SHA-256");
            if (!HexFormat.of().formatHex(check.digest(own)).equals(mark.sha256())) {
                throw new CheckpointException(file, "its lines do not have the SHA-256 they were saved with");
            }
            return own;
        } catch (IOException e) {
            throw failure("cannot be read: ", e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private CheckpointException failure(String what, IOException cause) {
        return new CheckpointException(file, what + Durable.reason(cause), cause);
    }
}
