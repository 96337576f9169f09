package org.fl4j.experiments.tracking;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;

/**
 * Enters a run into an MLflow tracking server by its REST API 2.0: settings as parameters, all metrics of each round
 * with the round as the step, the model's hash as the tag {@code fl4j.stateSha256}. A resumed run goes on in the run it
 * began; of rounds that it repeats, MLflow keeps both values.
 *
 * <p>MLflow allows fewer characters in names: {@code top5@acc} is entered as {@code top5_u0040acc}, and two names never
 * become one.
 *
 * <p>A server that cannot be reached, or answers with a status of 5xx or 429, is asked four times, with waits of 1, 2
 * and 4 seconds; then the run ends with an exception, as with any record that cannot be written, and can be resumed.
 * Close it after the run: one that did not end well is marked as failed.
 */
public final class MlflowListener implements RunListener, AutoCloseable {
    private final MlflowClient client;
    private final String experiment;
    private final String name;
    private final Map<String, String> settings;
    private final Path idFile;
    private final Clock clock;
    private Optional<String> running = Optional.empty();

    /**
     * Names the server and the run.
     *
     * @param server such as {@code http://localhost:5000}; without user name and password, because it is shown and
     *     stored
     * @param token for servers that ask for one, sent as a bearer token
     * @param experiment by name; made if it is not there
     * @param name of the run
     * @param settings the run's parameters
     * @param idFile where the id that the server gave the run is kept, for a resume
     */
    public MlflowListener(
            URI server,
            Optional<String> token,
            String experiment,
            String name,
            Map<String, String> settings,
            Path idFile) {
        this(
                new MlflowClient(MlflowAddress.check(server), token, Duration.ofSeconds(1)),
                experiment,
                name,
                settings,
                idFile,
                Clock.systemUTC());
    }

    /**
     * Returns the address of a server.
     *
     * @throws IllegalArgumentException if it is no http or https URL, or has a user name and password, which the
     *     message does not repeat
     */
    public static URI address(String url) {
        return MlflowAddress.parse(url);
    }

    /**
     * Asks a server whether runs can be entered into an experiment, so that it is known before any training. Changes
     * nothing there.
     *
     * @throws IllegalStateException if the experiment is deleted, or the server does not answer as MLflow does
     * @throws UncheckedIOException if the server cannot be reached
     */
    public static void requireUsable(URI server, Optional<String> token, String experiment) {
        new MlflowClient(MlflowAddress.check(server), token, Duration.ofSeconds(1)).find(experiment);
    }

    MlflowListener(
            MlflowClient client,
            String experiment,
            String name,
            Map<String, String> settings,
            Path idFile,
            Clock clock) {
        this.client = client;
        this.experiment = Check.present("experiment", experiment);
        this.name = Check.present("name", name);
        this.settings = new TreeMap<>(settings);
        this.idFile = Check.present("idFile", idFile);
        this.clock = clock;
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        try {
            if (completedRounds > 0 && Files.exists(idFile)) {
                String id = Files.readString(idFile).strip();
                client.status(id, "RUNNING", Optional.empty());
                running = Optional.of(id);
                return;
            }
            String id = client.start(client.experiment(experiment), name, clock.millis());
            running = Optional.of(id);
            client.describe(id, "params", settings);
            Files.createDirectories(idFile.toAbsolutePath().getParent());
            Files.writeString(idFile, id);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use " + idFile, e);
        }
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        client.metrics(running.orElseThrow(), RoundValues.of(report), report.round(), clock.millis());
    }

    @Override
    public void runEnded(RunResult result) {
        String id = running.orElseThrow();
        client.describe(id, "tags", Map.of("fl4j.stateSha256", result.stateSha256()));
        boolean killed = result.end() == RunResult.End.CANCELLED;
        client.status(id, killed ? "KILLED" : "FINISHED", Optional.of(clock.millis()));
        running = Optional.empty();
    }

    /** Marks a run that began and did not end as failed. */
    @Override
    public void close() {
        running.ifPresent(id -> client.status(id, "FAILED", Optional.of(clock.millis())));
        running = Optional.empty();
    }
}
