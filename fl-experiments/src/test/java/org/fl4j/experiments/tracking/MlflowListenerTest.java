package org.fl4j.experiments.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.fl4j.metrics.Metrics;
import org.junit.jupiter.api.Test;

/**
 * Against a stub of the server on this machine, which does as MLflow's REST API 2.0 is documented; not against MLflow.
 */
class MlflowListenerTest extends MlflowSetup {
    @Test
    void entersARunWithItsSettingsAndMetrics() {
        try (MlflowListener listener = listener()) {
            listener.runStarted(0, 2);
            listener.roundEnded(report(1), null);
            listener.roundEnded(report(2), null);
        }
        assertThat(calls)
                .containsExactly(
                        "GET experiments/get-by-name",
                        "POST experiments/create",
                        "POST runs/create",
                        "POST runs/log-batch",
                        "POST runs/log-batch",
                        "POST runs/log-batch",
                        "POST runs/update");
        assertThat(experiments).containsExactly(Map.entry("näme & more", "1"));
        JsonObject run = runs.get("run-1");
        assertThat(run.get("experiment_id").getAsString()).isEqualTo("1");
        assertThat(run.get("run_name").getAsString()).isEqualTo("median, seed 3");
        assertThat(run.get("start_time").getAsLong()).isEqualTo(1_700_000_000_000L);
        assertThat(run.get("params").toString())
                .isEqualTo("[{\"key\":\"rounds\",\"value\":\"3\"},{\"key\":\"training.batchSize\",\"value\":\"10\"}]");
        assertThat(values(run, 2))
                .isEqualTo(Map.of(
                        "test/accuracy", .2,
                        "bytes/down", 100.0,
                        "bytes/up", 200.0,
                        "seconds/train", .5,
                        "seconds/evaluation", .25));
        assertThat(run.get("status").getAsString()).isEqualTo("FAILED"); // closed before it ended
    }

    @Test
    void goesOnInTheRunItBeganWhenResumedAndStartsAnewOtherwise() {
        try (MlflowListener first = listener()) {
            first.runStarted(0, 3);
            first.roundEnded(report(1), null);
        }
        try (MlflowListener resumed = listener()) {
            resumed.runStarted(1, 3);
            assertThat(runs.get("run-1").get("status").getAsString()).isEqualTo("RUNNING");
            resumed.roundEnded(report(2), null);
        }
        assertThat(runs).containsOnlyKeys("run-1");
        assertThat(values(runs.get("run-1"), 2)).containsEntry("test/accuracy", .2);
        try (MlflowListener anew = listener()) {
            anew.runStarted(0, 3);
        }
        assertThat(runs).containsOnlyKeys("run-1", "run-2");
        assertThat(experiments).hasSize(1);
    }

    @Test
    void sendsNoMoreAtOnceThanTheServerTakes() {
        Map<String, String> settings = new TreeMap<>();
        IntStream.range(0, 250).forEach(i -> settings.put("p" + i, "v"));
        Metrics metrics = IntStream.range(0, 2500)
                .mapToObj(i -> Metrics.of("m" + i, i, 1))
                .reduce(Metrics.none(), Metrics::merge);
        try (MlflowListener listener = listener(settings, "secret")) {
            listener.runStarted(0, 1);
            listener.roundEnded(report(1, metrics), null);
        }
        assertThat(runs.get("run-1").getAsJsonArray("params")).hasSize(250);
        assertThat(values(runs.get("run-1"), 1)).hasSize(2504).containsEntry("m2499", 2499.0);
    }

    @Test
    void sendsValuesThatAreNotFinite() {
        try (MlflowListener listener = listener()) {
            listener.runStarted(0, 1);
            listener.roundEnded(report(1, Metrics.of("test/loss", Double.NaN, 1)), null);
        }
        assertThat(values(runs.get("run-1"), 1)).containsEntry("test/loss", Double.NaN);
    }

    @Test
    void asksAgainAServerInTrouble() {
        trouble.addAll(List.of(503, 429, 500));
        try (MlflowListener listener = listener()) {
            listener.runStarted(0, 1);
        }
        assertThat(calls.subList(0, 4)).containsOnly("GET experiments/get-by-name");
        assertThat(runs).hasSize(1);
        trouble.addAll(List.of(503, 503, 503, 503));
        try (MlflowListener listener = listener()) {
            assertThatThrownBy(() -> listener.runStarted(0, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageMatching("MLflow's answer to"
                            + " http://localhost:\\d+/api/2.0/mlflow/experiments/get-by-name\\?experiment_name=\\S+"
                            + " must be a success, but was 503: .*TEMPORARILY_UNAVAILABLE.*");
        }
    }

    @Test
    void saysWhenItIsNotLetInOrNobodyIsThere() throws IOException {
        try (MlflowListener listener = listener(Map.of(), "wrong")) {
            assertThatThrownBy(() -> listener.runStarted(0, 1))
                    .hasMessageContaining("must be a success, but was 401")
                    .hasMessageNotContaining("wrong");
        }
        assertThat(calls).hasSize(1); // asking again would not help
        try (Socket silent = new Socket()) { // a port that nobody listens at, nor can another process take it
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (MlflowListener listener = listener(silent.getLocalPort(), Map.of(), "secret")) {
                assertThatThrownBy(() -> listener.runStarted(0, 1))
                        .hasMessageStartingWith("cannot reach http://localhost:");
            }
        }
    }
}
