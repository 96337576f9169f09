package org.fl4j.experiments.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What {@link MlflowListenerTest} and {@link MlflowFaultsTest} share. */
abstract class MlflowSetup {
    static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_000L), ZoneOffset.UTC);

    final List<String> calls = new ArrayList<>();

    final Map<String, String> experiments = new TreeMap<>();

    final Map<String, JsonObject> runs = new TreeMap<>();

    final List<Integer> trouble = new ArrayList<>(); // statuses to answer first
    final List<String> odd = new ArrayList<>(); // bodies to answer first, with the statuses of trouble
    String stage = "active";

    HttpServer server;

    @TempDir
    Path directory;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/api/2.0/mlflow/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    void answer(HttpExchange exchange) throws IOException {
        String call = exchange.getRequestURI().getPath().replace("/api/2.0/mlflow/", "");
        String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        calls.add(exchange.getRequestMethod() + " " + call);
        assertThat(exchange.getRequestHeaders()).doesNotContainKey("Upgrade"); // to HTTP/2
        int status = 200;
        JsonObject reply = new JsonObject();
        if (!trouble.isEmpty()) {
            status = trouble.remove(0);
            reply.addProperty("error_code", "TEMPORARILY_UNAVAILABLE");
        } else if (!"Bearer secret".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            status = 401;
            reply.addProperty("error_code", "UNAUTHENTICATED");
        } else if (call.equals("experiments/get-by-name")) {
            String query = exchange.getRequestURI().getRawQuery().replace("experiment_name=", "");
            String id = experiments.get(URLDecoder.decode(query, StandardCharsets.UTF_8));
            if (id == null) {
                status = 404;
                reply.addProperty("error_code", "RESOURCE_DOES_NOT_EXIST");
            } else {
                JsonObject experiment = new JsonObject();
                experiment.addProperty("experiment_id", id);
                experiment.addProperty("lifecycle_stage", stage);
                reply.add("experiment", experiment);
            }
        } else {
            status = change(call, ForeignReaders.strictJson(text).getAsJsonObject(), reply);
        }
        String sent = odd.isEmpty() ? reply.toString() : odd.remove(0);
        byte[] bytes = sent.getBytes(StandardCharsets.UTF_8);
        if (status == 302) {
            exchange.getResponseHeaders().add("Location", "/login");
        }
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    int change(String call, JsonObject body, JsonObject reply) {
        switch (call) {
            case "experiments/create" -> {
                String id = String.valueOf(experiments.size() + 1);
                experiments.put(body.get("name").getAsString(), id);
                reply.addProperty("experiment_id", id);
            }
            case "runs/create" -> {
                String id = "run-" + (runs.size() + 1);
                body.addProperty("status", "RUNNING");
                for (String kind : List.of("params", "tags", "metrics")) {
                    body.add(kind, new JsonArray());
                }
                runs.put(id, body);
                JsonObject info = new JsonObject();
                info.addProperty("run_id", id);
                JsonObject run = new JsonObject();
                run.add("info", info);
                reply.add("run", run);
            }
            case "runs/update" -> {
                JsonObject run = runs.get(body.get("run_id").getAsString());
                run.add("status", body.get("status"));
                if (body.has("end_time")) {
                    run.add("end_time", body.get("end_time"));
                }
            }
            case "runs/log-batch" -> {
                JsonObject run = runs.get(body.get("run_id").getAsString());
                for (String kind : List.of("params", "tags", "metrics")) {
                    for (JsonElement entry : body.has(kind) ? body.getAsJsonArray(kind) : new JsonArray()) {
                        String key = entry.getAsJsonObject().get("key").getAsString();
                        if (!key.matches("[A-Za-z0-9_\\-. /]{1,250}")) { // as older servers do
                            reply.addProperty("error_code", "INVALID_PARAMETER_VALUE");
                            return 400;
                        }
                    }
                    JsonArray entries = body.has(kind) ? body.getAsJsonArray(kind) : new JsonArray();
                    if (entries.size() > (kind.equals("metrics") ? 1000 : 100)) {
                        return 400;
                    }
                    run.getAsJsonArray(kind).addAll(entries);
                }
            }
            default -> {
                return 404;
            }
        }
        return 200;
    }

    MlflowListener listener(Map<String, String> settings, String token) {
        return listener(server.getAddress().getPort(), settings, token);
    }

    MlflowListener listener(int port, Map<String, String> settings, String token) {
        URI uri = URI.create("http://localhost:" + port + "/");
        return new MlflowListener(
                new MlflowClient(uri, Optional.of(token), Duration.ofMillis(1)),
                "näme & more",
                "median, seed 3",
                settings,
                directory.resolve("run/mlflow-run"),
                CLOCK);
    }

    MlflowListener listener() {
        return listener(Map.of("rounds", "3", "training.batchSize", "10"), "secret");
    }

    static RoundReport report(int round, Metrics metrics) {
        return new RoundReport(round, List.of(), Map.of(), Map.of(), List.of(), List.of(), metrics, 100, 200, .5, .25);
    }

    static RoundReport report(int round) {
        return report(round, Metrics.of("test/accuracy", round / 10.0, 1));
    }

    static Map<String, Double> values(JsonObject run, int step) {
        Map<String, Double> values = new TreeMap<>();
        for (JsonElement element : run.getAsJsonArray("metrics")) {
            JsonObject entry = element.getAsJsonObject();
            assertThat(entry.get("timestamp").getAsLong()).isEqualTo(1_700_000_000_000L);
            if (entry.get("step").getAsInt() == step) {
                values.put(entry.get("key").getAsString(), entry.get("value").getAsDouble());
            }
        }
        return values;
    }

    void ask() {
        URI uri = URI.create("http://localhost:" + server.getAddress().getPort());
        MlflowListener.requireUsable(uri, Optional.of("secret"), "e");
    }
}
