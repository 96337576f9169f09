package org.fl4j.privacy.local;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Json;
import org.fl4j.internal.RoundLines;
import org.fl4j.message.ServerState;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;

/**
 * Writes one JSON object a release: round, client, mechanism, noise multiplier, scale of the noise, sampling rate and
 * steps within the client, epsilon of this release and epsilon of the client so far. A fresh run starts the file anew;
 * a resumed run takes back the rounds it repeats, unless noise is not the same again, for then both were releases.
 */
public final class PrivacyLog implements RunListener {
    private final RoundLines lines;
    private final boolean repeatable;
    private final List<PrivacyRecord> ofThisRound = new ArrayList<>();

    /** Names the file, and the run's noise. */
    public PrivacyLog(Path file, NoiseSource noise) {
        lines = new RoundLines(file);
        repeatable = noise.isRepeatable();
    }

    void add(PrivacyRecord release) {
        ofThisRound.add(release);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        ofThisRound.clear(); // of a run that ended in mid-round
        lines.keepUpTo(repeatable || completedRounds == 0 ? completedRounds : Integer.MAX_VALUE - 1);
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        for (PrivacyRecord release : ofThisRound) {
            JsonObject line = new JsonObject();
            line.addProperty("round", release.round());
            line.addProperty("client", release.client().index());
            line.addProperty("mechanism", release.event().mechanism().getClass().getSimpleName());
            line.add("noiseMultiplier", Json.number(release.event().mechanism().noiseMultiplier()));
            line.add("scale", Json.number(release.scale()));
            line.add("rate", Json.number(release.event().sampling().rate()));
            line.addProperty("steps", release.event().rounds());
            line.add("epsilon", Json.number(release.epsilon()));
            line.add("epsilonSoFar", Json.number(release.epsilonSoFar()));
            lines.append(line);
        }
        ofThisRound.clear();
    }
}
