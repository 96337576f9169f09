package org.fl4j.experiments.tracking;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.fl4j.internal.Json;

/** The calls of MLflow's REST API 2.0 that a run needs. */
final class MlflowClient {
    private static final int ATTEMPTS = 4;
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final URI server;
    private final Optional<String> token;
    private final Duration firstWait;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1) // an offer of HTTP/2 makes some servers drop the body
            .connectTimeout(TIMEOUT)
            .build();

    MlflowClient(URI server, Optional<String> token, Duration firstWait) {
        this.server = server;
        if (!token.orElse("").matches("[\\x21-\\x7e]*")) { // the value is secret
            throw new IllegalArgumentException("token must have only printable ASCII characters and no spaces");
        }
        this.token = token;
        this.firstWait = firstWait;
    }

    /** Returns the id of an experiment, which is made if it is not there. */
    String experiment(String name) {
        Optional<String> found = find(name);
        if (found.isPresent()) {
            return found.get();
        }
        JsonObject body = new JsonObject();
        body.addProperty("name", name);
        Response created = post("experiments/create", body);
        return created.is("RESOURCE_ALREADY_EXISTS") // by another process, just now
                ? find(name).orElseThrow(() -> created.failure())
                : created.text("experiment_id");
    }

    /**
     * Returns the id of an experiment that exists.
     *
     * @throws IllegalStateException if it is deleted: the server still finds it, but lets no run in
     */
    Optional<String> find(String name) {
        Response found = send(
                request("experiments/get-by-name?experiment_name=" + URLEncoder.encode(name, StandardCharsets.UTF_8))
                        .GET()
                        .build(),
                /* repeatable= */ true);
        if (found.is("RESOURCE_DOES_NOT_EXIST")) {
            return Optional.empty();
        }
        String id = found.text("experiment", "experiment_id");
        if (found.find("experiment", "lifecycle_stage")
                .filter("deleted"::equals)
                .isPresent()) {
            throw new IllegalStateException(
                    "experiment " + name + " is deleted on " + server + ": restore it or choose another name");
        }
        return Optional.of(id);
    }

    /** Starts a run and returns its id. */
    String start(String experiment, String name, long millis) {
        JsonObject body = new JsonObject();
        body.addProperty("experiment_id", experiment);
        body.addProperty("run_name", name);
        body.addProperty("start_time", millis);
        return post("runs/create", body).text("run", "info", "run_id");
    }

    /** Changes a run's status, such as {@code FINISHED}. */
    void status(String run, String status, Optional<Long> endMillis) {
        JsonObject body = new JsonObject();
        body.addProperty("run_id", run);
        body.addProperty("status", status);
        endMillis.ifPresent(end -> body.addProperty("end_time", end));
        post("runs/update", body).require();
    }

    /** Enters parameters or tags, {@code kind} being {@code params} or {@code tags}. */
    void describe(String run, String kind, Map<String, String> values) {
        JsonArray entries = new JsonArray();
        values.forEach((key, value) -> {
            JsonObject entry = new JsonObject();
            entry.addProperty("key", MlflowNames.of(key));
            entry.addProperty("value", value);
            entries.add(entry);
        });
        log(run, kind, entries);
    }

    /** Enters metrics of one step. */
    void metrics(String run, Map<String, Double> values, long step, long millis) {
        JsonArray entries = new JsonArray();
        values.forEach((key, value) -> {
            JsonObject entry = new JsonObject();
            entry.addProperty("key", MlflowNames.of(key));
            entry.add("value", Json.number(value));
            entry.addProperty("timestamp", millis);
            entry.addProperty("step", step);
            entries.add(entry);
        });
        log(run, "metrics", entries);
    }

    private void log(String run, String kind, JsonArray entries) {
        int most = kind.equals("metrics") ? 1000 : 100; // what a request may have
        for (int from = 0; from < entries.size(); from += most) {
            JsonArray part = new JsonArray();
            for (int i = from; i < Math.min(entries.size(), from + most); i++) {
                part.add(entries.get(i));
            }
            JsonObject body = new JsonObject();
            body.addProperty("run_id", run);
            body.add(kind, part);
            post("runs/log-batch", body).require();
        }
    }

    private Response post(String call, JsonObject body) {
        HttpRequest request = request(call)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        return send(request, /* repeatable= */ !call.equals("runs/create"));
    }

    private HttpRequest.Builder request(String call) {
        String base = server.toString().replaceAll("/+$", "");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + "/api/2.0/mlflow/" + call))
                .timeout(TIMEOUT);
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        return request;
    }

    /**
     * Tries again, with waits that double, while the server cannot be reached or has trouble of its own; but never a
     * request that may have made a run. An interrupt of the run waits: a record is written whole.
     */
    private Response send(HttpRequest request, boolean repeatable) {
        boolean interrupted = false;
        try {
            for (int attempt = 1; ; attempt++) {
                try {
                    HttpResponse<String> response = http.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                            .join();
                    boolean busy = response.statusCode() >= 500 || response.statusCode() == 429;
                    boolean unsure = !repeatable && response.statusCode() != 429 && response.statusCode() != 503;
                    if (!busy || unsure || attempt == ATTEMPTS) {
                        return new Response(
                                request.uri(),
                                response.statusCode(),
                                response.headers().firstValue("Location"),
                                response.body());
                    }
                } catch (CompletionException e) {
                    boolean sent = !(e.getCause() instanceof ConnectException);
                    if (attempt == ATTEMPTS || (sent && !repeatable)) {
                        throw new UncheckedIOException(
                                "cannot reach " + request.uri() + ": " + e.getCause(), new IOException(e.getCause()));
                    }
                }
                interrupted |= pause(firstWait.toMillis() << (attempt - 1));
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns whether it was interrupted. */
    private static boolean pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** The server's answer. What is not as the protocol has it is named with the address and the status. */
    private record Response(URI uri, int status, Optional<String> location, String body) {
        private static final int SHOWN = 500; // characters: some answer with a whole page

        private Optional<JsonObject> json() {
            try {
                return Optional.of(JsonParser.parseString(body).getAsJsonObject());
            } catch (JsonParseException | IllegalStateException e) {
                return Optional.empty();
            }
        }

        boolean is(String errorCode) {
            return status >= 400 && find("error_code").filter(errorCode::equals).isPresent();
        }

        /** Returns the text in an object within objects. */
        Optional<String> find(String... path) {
            Optional<JsonElement> at = json().map(Function.identity());
            for (String name : path) {
                at = at.filter(JsonElement::isJsonObject)
                        .flatMap(json ->
                                Optional.ofNullable(json.getAsJsonObject().get(name)));
            }
            return at.filter(JsonElement::isJsonPrimitive).map(JsonElement::getAsString);
        }

        String text(String... path) {
            require();
            return find(path).orElseThrow(() -> failure("have " + String.join(".", path)));
        }

        void require() {
            if (status < 200 || status >= 300) {
                throw failure();
            }
            if (json().isEmpty()) {
                throw failure("be a JSON object");
            }
        }

        IllegalStateException failure() {
            return failure("be a success");
        }

        private IllegalStateException failure(String rule) {
            String shown = body.length() <= SHOWN ? body : body.substring(0, SHOWN) + "...";
            return new IllegalStateException("MLflow's answer to " + uri + " must " + rule + ", but was " + status
                    + location.map(to -> ", moved to " + to).orElse("") + ": " + (shown.isBlank() ? "(empty)" : shown));
        }
    }
}
