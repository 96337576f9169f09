package org.fl4j.experiments.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
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
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a stub of the server on this machine, which does as MLflow's REST API 2.0 is documented; not against MLflow. */
class MlflowListenerTest {
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_000L), ZoneOffset.UTC);

    private final List<String> calls = new ArrayList<>();
    private final Map<String, String> experiments = new TreeMap<>();
    private final Map<String, JsonObject> runs = new TreeMap<>();
    private final List<Integer> trouble = new ArrayList<>(); // statuses to answer first
    private final List<String> odd = new ArrayList<>(); // bodies to answer first, with the statuses of trouble
    private String stage = "active";
    private HttpServer server;

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

    private void answer(HttpExchange exchange) throws IOException {
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

    private int change(String call, JsonObject body, JsonObject reply) {
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

    private MlflowListener listener(Map<String, String> settings, String token) {
        return listener(server.getAddress().getPort(), settings, token);
    }

    private MlflowListener listener(int port, Map<String, String> settings, String token) {
        URI uri = URI.create("http://localhost:" + port + "/");
        return new MlflowListener(
                new MlflowClient(uri, Optional.of(token), Duration.ofMillis(1)),
                "näme & more",
                "median, seed 3",
                settings,
                directory.resolve("run/mlflow-run"),
                CLOCK);
    }

    private MlflowListener listener() {
        return listener(Map.of("rounds", "3", "training.batchSize", "10"), "secret");
    }

    private static RoundReport report(int round, Metrics metrics) {
        return new RoundReport(round, List.of(), Map.of(), Map.of(), List.of(), List.of(), metrics, 100, 200, .5, .25);
    }

    private static RoundReport report(int round) {
        return report(round, Metrics.of("test/accuracy", round / 10.0, 1));
    }

    private static Map<String, Double> values(JsonObject run, int step) {
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

    @Test
    void refusesWhatIsNoServer() {
        for (String server : List.of("localhost:5000", "file:/tmp/mlruns", "http:nowhere", "mlruns")) {
            assertThatThrownBy(() -> new MlflowListener(
                            URI.create(server), Optional.empty(), "e", "r", Map.of(), directory.resolve("id")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("server must be a URL such as http://localhost:5000, but was " + server);
        }
    }

    @Test
    void neitherUsesNorRepeatsAPassword() {
        String rule = "server must be a URL without user name and password, because it is shown and stored"
                + " (MLFLOW_TRACKING_TOKEN can have a token), but was ";
        assertThatThrownBy(() -> MlflowListener.address("http://user:geheim@host:5000/a"))
                .hasMessage(rule + "http://***@host:5000/a");
        assertThatThrownBy(() -> new MlflowListener(
                        URI.create("https://user:geheim@host"),
                        Optional.empty(),
                        "e",
                        "r",
                        Map.of(),
                        directory.resolve("id")))
                .hasMessage(rule + "https://***@host");
        for (String url : List.of(
                "http://user:geh eim@host",
                "http://user:geh/eim@host",
                "http://user:geh%eim@host",
                "http://user:geheim@my_host",
                "http:user:geheim@host",
                "user:geheim@host",
                "http://host?token=geheim",
                "http://user:geheim@host@host")) {
            assertThatThrownBy(() -> MlflowListener.address(url))
                    .as(url)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("server must be a URL ")
                    .hasMessageNotContaining("geh")
                    .hasNoCause();
        }
        assertThatThrownBy(() -> MlflowListener.requireUsable(
                        URI.create("http://localhost:1"), Optional.of("geheim\n"), "experiment"))
                .hasMessage("token must have only printable ASCII characters and no spaces");
    }

    @Test
    void refusesPortsThatDoNotExist() {
        for (int port : List.of(0, 65_536)) {
            assertThatThrownBy(() -> MlflowListener.address("http://localhost:" + port))
                    .hasMessage("server must be a URL with a port in [1, 65535], but was http://localhost:" + port);
        }
        assertThat(MlflowListener.address("HTTPS://example.org/mlflow/")).hasHost("example.org");
    }

    @Test
    void mapsNamesThatMlflowRefuses() {
        Metrics metrics = Metrics.of("top5@acc", 1, 1)
                .merge(Metrics.of("top5_u0040acc", 2, 1))
                .merge(Metrics.of("f1(macro), any:", 3, 1));
        try (MlflowListener listener = listener(Map.of("a@b", "v"), "secret")) {
            listener.runStarted(0, 1);
            listener.roundEnded(report(1, metrics), null);
        }
        assertThat(values(runs.get("run-1"), 1))
                .containsEntry("top5_u0040acc", 1.0)
                .containsEntry("top5_u005fu0040acc", 2.0)
                .containsEntry("f1_u0028macro_u0029_u002c any_u003a", 3.0);
        assertThat(runs.get("run-1").get("params").toString()).isEqualTo("[{\"key\":\"a_u0040b\",\"value\":\"v\"}]");
    }

    @Test
    void mapsNoTwoNamesToOne() {
        Map<String, String> seen = new TreeMap<>();
        String alphabet = "_u04a./@";
        Seed seed = new Seed(17);
        for (int i = 0; i < 20_000; i++) {
            RandomGenerator random = seed.derive(i).generator();
            String name = random.ints(random.nextInt(8), 0, alphabet.length())
                    .mapToObj(at -> alphabet.substring(at, at + 1))
                    .collect(Collectors.joining());
            String mapped = MlflowNames.of(name);
            assertThat(mapped)
                    .as(name)
                    .matches("[A-Za-z0-9_\\-. /]{1,250}")
                    .isEqualTo(Path.of("/" + mapped).normalize().toString().substring(1));
            String other = seen.putIfAbsent(mapped, name);
            assertThat(other == null || other.equals(name)).as(mapped).isTrue();
        }
        assertThat(MlflowNames.of("test/accuracy of round-1.5_x")).isEqualTo("test/accuracy of round-1.5_x");
        assertThat(MlflowNames.of("m".repeat(251)))
                .hasSizeLessThanOrEqualTo(250)
                .isNotEqualTo(MlflowNames.of("m".repeat(252)));
    }

    @Test
    void namesADeletedExperiment() {
        experiments.put("näme & more", "7");
        stage = "deleted";
        String url = "http://localhost:" + server.getAddress().getPort();
        try (MlflowListener listener = listener()) {
            assertThatThrownBy(() -> listener.runStarted(0, 1))
                    .hasMessage("experiment näme & more is deleted on " + url + "/: restore it or choose another name");
        }
        assertThatThrownBy(() -> MlflowListener.requireUsable(URI.create(url), Optional.of("secret"), "näme & more"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("experiment näme & more is deleted on " + url + ": restore it or choose another name");
        MlflowListener.requireUsable(URI.create(url), Optional.of("secret"), "another");
        assertThat(experiments).hasSize(1); // it only asks
        assertThat(runs).isEmpty();
    }

    @Test
    void namesAnswersThatAreNotMlflows() {
        String start = "MLflow's answer to http://localhost:"
                + server.getAddress().getPort() + "/api/2.0/mlflow/experiments/get-by-name?experiment_name=e must ";
        Map<String, String> answers = Map.of(
                "<html>", "be a JSON object, but was 200: <html>",
                "", "be a JSON object, but was 200: (empty)",
                "[]", "be a JSON object, but was 200: []",
                "{}", "have experiment.experiment_id, but was 200: {}",
                "{\"experiment\":7}", "have experiment.experiment_id, but was 200: {\"experiment\":7}",
                "{\"experiment\":{\"experiment_id\":null}}",
                        "have experiment.experiment_id, but was 200: {\"experiment\":{\"experiment_id\":null}}");
        answers.forEach((answer, message) -> {
            trouble.add(200);
            odd.add(answer);
            assertThatThrownBy(() -> ask())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(start + message);
        });
        trouble.add(302);
        odd.add("");
        assertThatThrownBy(() -> ask()).hasMessage(start + "be a success, but was 302, moved to /login: (empty)");
        trouble.add(404);
        odd.add("x".repeat(1000));
        assertThatThrownBy(() -> ask()).hasMessage(start + "be a success, but was 404: " + "x".repeat(500) + "...");
        trouble.add(400);
        odd.add("{\"error_code\":[]}");
        assertThatThrownBy(() -> ask()).hasMessage(start + "be a success, but was 400: {\"error_code\":[]}");
    }

    private void ask() {
        URI uri = URI.create("http://localhost:" + server.getAddress().getPort());
        MlflowListener.requireUsable(uri, Optional.of("secret"), "e");
    }
}
