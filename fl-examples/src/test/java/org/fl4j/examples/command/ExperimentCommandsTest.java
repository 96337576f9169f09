package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.fl4j.examples.command.Commands.hash;
import static org.fl4j.examples.command.Commands.run;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.fl4j.examples.command.Commands.Outcome;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.simulation.TaskJsonLines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of declared experiments. */
class ExperimentCommandsTest {
    @TempDir
    Path directory;

    @Test
    void declaredExperimentsRunResumeAndReport() throws IOException {
        Path file = Files.writeString(directory.resolve("sweep.yaml"), """
            name: small
            data: {clients: 20}
            model: softmax
            cohort: 4
            rounds: 3
            clientEvaluationEvery: 3
            seeds: [1, 2]
            sweep: {aggregator: [fedavg, median], data.partition: [iid, "shards:2"]}
            """);
        Path out = directory.resolve("small");
        Outcome first = run("run", file.toString(), "--out", out.toString());
        assertThat(first.code()).as(first.toString()).isZero();
        assertThat(first.out()).contains("run 8 of 8: median, shards:2, seed 2").contains("completed after 3 rounds");
        Outcome again = run("resume", out.toString());
        assertThat(again.out().lines().filter(line -> line.contains("finished before")))
                .hasSize(8);
        assertThat(run("list", out.toString()).out().lines()).hasSize(9);
        assertThat(run("watch", out.toString()).out()).contains("8 runs, 8 ended, 24 rounds");
        assertThat(run("compare", out.toString()).out()).containsPattern("median, shards:2 +2 +0\\.[0-9]{4} ");
        assertThat(run("compare", out.toString()).out())
                .as("three rounds of four models of 7,850 floats")
                .containsPattern("megabytes from clients .*\\R.*iid +2 +0\\.3768 +0\\.0000 ");
        Path chart = directory.resolve("bytes.svg");
        assertThat(run("compare", out.toString(), "--chart", chart.toString()).out())
                .contains("bytes.svg");
        assertThat(Files.readString(chart)).contains("<svg");
        assertThat(run("compare", out.toString(), "--chart", "bytes.txt").err())
                .contains("name of a chart must end in .png or .svg, but was bytes.txt");
        assertThat(run("compare", out.toString(), "--metric", "test/loss").out())
                .contains("test/loss ")
                .doesNotContain("megabytes");
        assertThat(run("compare", out.toString(), "--metric", "nosuch").err())
                .contains("metric must be one of [client/test/accuracy, client/test/loss, ");
        assertThat(run("report", out.toString()).code()).isZero();
        assertThat(Files.readString(out.resolve("report.html")))
                .contains("<h1>small</h1>", "fedavg, shards:2", "Accuracy on clients", "Partition shards:2", "<svg")
                .doesNotContain("http", "<script");
        String key = run("list", out.toString())
                .out()
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow()
                .split(" ", 2)[0];
        Path own = out.resolve("runs").resolve(key);
        assertThat(own.resolve("report.html")).exists();
        assertThat(run("bottlenecks", out.toString(), "--run", key, "--slowest", "2")
                        .out())
                .startsWith("32 tasks on ") // 3 rounds of 4, and 20 evaluations
                .contains("critical path: ")
                .containsPattern("s  round [123], client ");
        int client = TaskJsonLines.read(own.resolve("tasks.jsonl")).stream()
                .filter(task -> task.id().round() == 2)
                .findFirst()
                .orElseThrow()
                .id()
                .client()
                .index();
        Outcome replay =
                run("replay", out.toString(), "--run", key, "--round", "2", "--client", String.valueOf(client));
        assertThat(replay.code()).as(replay.toString()).isZero();
        assertThat(replay.out()).containsPattern("recorded  [0-9a-f]{64}\nreplayed  [0-9a-f]{64}\nthe same\n");
        assertThat(run("replay", out.toString(), "--round", "2", "--client", "1")
                        .err())
                .contains("run must be the start of exactly one of [");
        Path csv = out.resolve("metrics.csv");
        assertThat(run(
                                "export",
                                out.toString(),
                                "--csv",
                                csv.toString(),
                                "--tensorboard",
                                out.resolve("tb").toString())
                        .code())
                .isZero();
        assertThat(csv).content().contains("small," + key + ",\"fedavg, iid\",1,3,test/accuracy,0.");
        assertThat(out.resolve("tb")).isDirectoryRecursivelyContaining("glob:**/fedavg,_iid~*_seed1/*tfevents*.fl4j");
        assertThat(run("export", out.toString()).err())
                .contains("export must be to --csv or --tensorboard, but was to neither");
        Path other = Files.writeString(directory.resolve("other.yaml"), "rounds: 4");
        assertThat(run("run", other.toString(), "--out", out.toString()).err())
                .contains("directory must be new or this experiment's, but ");
        assertThat(run("list", directory.toString()).err())
                .contains("directory must be one of run --out, with runs.db, but was ");
        Path more = Files.writeString(
                directory.resolve("more.yaml"), Files.readString(file).replace("seeds: [1, 2]", "seeds: [1, 2, 3]"));
        Outcome added = run("run", more.toString(), "--out", out.toString());
        assertThat(added.out().lines().filter(line -> line.contains("finished before")))
                .hasSize(8);
        assertThat(added.out().lines().filter(line -> line.contains("completed after")))
                .hasSize(4);
        Path renamed = Files.writeString(
                directory.resolve("renamed.yaml"),
                Files.readString(more).replace("sweep: {", "sweep: {training.batchSize: [10], "));
        run("run", renamed.toString(), "--out", out.toString());
        assertThat(run("compare", out.toString()).out()).containsPattern("batchSize=10, median, shards:2 +3 ");
        Path impossible = Files.writeString(
                directory.resolve("impossible.yaml"),
                "data: {clients: 5}\ncohort: 4\naggregator: \"krum:byzantine=2\"\n");
        assertThat(run(
                                "run",
                                impossible.toString(),
                                "--out",
                                directory.resolve("x").toString())
                        .err())
                .contains(
                        "impossible.yaml, line 2, cohort: cohortSize must be at least what the aggregator needs, 7, but"
                                + " was 4");
        for (String combination : List.of(
                "algorithm: scaffold\nprivacy: local-dp",
                "algorithm: scaffold\nworld: {name: lognormal, concurrency: 5}",
                "privacy: local-dp\nmodel: 2nn-batchnorm")) {
            Path attached = Files.writeString(
                    directory.resolve("attached.yaml"), "data: {clients: 20}\nrounds: 1\n" + combination);
            Outcome refused = run(
                    "run", attached.toString(), "--out", directory.resolve("y").toString());
            assertThat(refused.code()).as(combination + refused).isEqualTo(2);
            assertThat(refused.err()).contains("attached.yaml, line ").contains(" must be ");
            assertThat(refused.out()).doesNotContain("run 1");
        }
        Path nowhere = Files.writeString(directory.resolve("nowhere.yaml"), "rounds: 1\ndata: {source: /nowhere}\n");
        assertThat(run(
                                "run",
                                nowhere.toString(),
                                "--out",
                                directory.resolve("x").toString())
                        .err())
                .contains("nowhere.yaml, line 2, data.source: source must be data that can be read, but was mnist"
                        + " /nowhere: ");
    }

    /** The directory may be named in any way, moved, and lose its store. */
    @Test
    void aRunWithoutANameIsTheSameAfterAnything() throws IOException {
        Path file = Files.writeString(
                directory.resolve("bare.yaml"), "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 2\n");
        Path out = directory.resolve("bare");
        String first = run("run", file.toString(), "--out", out.toString()).out();
        String hash = first.replaceAll("(?s).*, ([0-9a-f]{64}).*", "$1");
        assertThat(run("resume", out + "/.").out()).contains("finished before: " + hash);
        Path moved = Files.move(out, directory.resolve("moved"));
        assertThat(run("resume", moved.toString()).out()).contains("finished before: " + hash);
        Files.delete(moved.resolve("runs.db"));
        assertThat(run("resume", moved.toString()).out())
                .contains("completed after 2 rounds")
                .contains(hash);
        assertThat(run("bottlenecks", moved.toString()).out()).contains("8 tasks on ");
        assertThat(run("compare", moved.toString()).out()).contains("all ");
    }

    @Test
    void oneProcessHasADirectoryAtATime() throws IOException {
        Path file = Files.writeString(
                directory.resolve("held.yaml"), "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 2\n");
        Path out = directory.resolve("held");
        try (DirectoryLock lock = DirectoryLock.tryLock(out).orElseThrow()) {
            assertThat(lock).isNotNull();
            for (int attempt = 0; attempt < 2; attempt++) { // being refused does not take it away
                assertThat(run("run", file.toString(), "--out", out.toString()).err())
                        .contains("directory must not be in use by another run, but was " + out);
            }
            assertThat(DirectoryLock.tryLock(out)).isEmpty();
        }
        assertThat(run("run", file.toString(), "--out", out.toString()).code()).isZero();
    }

    @Test
    void saysThatASweptFieldHadNoEffect() throws IOException {
        Path file = Files.writeString(directory.resolve("same.yaml"), """
            data: {clients: 20}
            model: softmax
            cohort: 4
            rounds: 1
            sweep: {algorithm: ["fedprox:mu=0", "fedprox:mu=0.0"]}
            """);
        assertThat(run(
                                "run",
                                file.toString(),
                                "--out",
                                directory.resolve("same").toString())
                        .out())
                .contains("note: the model is that of fedprox:mu=0: what they differ in had no effect");
    }

    /** Ditto's global model is that of federated averaging; what differs are the models that clients use. */
    @Test
    void personalModelsAreAnEffectAndAreCompared() throws IOException {
        Path file = Files.writeString(directory.resolve("personal.yaml"), """
            data: {clients: 20, partition: "shards:2"}
            model: softmax
            cohort: 4
            rounds: 2
            clientEvaluationEvery: 2
            sweep: {algorithm: [fedavg, ditto, "ditto:lambda=0.10"]}
            """);
        String out = directory.resolve("personal").toString();
        assertThat(run("run", file.toString(), "--out", out).out())
                .contains("note: the model is that of ditto: what they differ in had no effect, also on what clients"
                        + " measured")
                .doesNotContain("the model is that of fedavg");
        assertThat(run("compare", out).out())
                .containsPattern("test/accuracy +seeds +mean +deviation +least +most")
                .containsPattern("client/test/accuracy +seeds")
                .containsPattern("ditto +1 +0\\.[0-9]{4} +- +0\\.[0-9]{4}");
    }

    @Test
    void comparingSaysWhichMetricsThereAreIfThereIsNoAccuracy() throws IOException {
        Path file = Files.writeString(
                directory.resolve("other.yaml"),
                "data: {clients: 20}\nmodel: softmax\nmetrics: [\"top-k:k=2\"]\ncohort: 4\nrounds: 1\n");
        String out = directory.resolve("other").toString();
        assertThat(run("run", file.toString(), "--out", out).code()).isZero();
        Outcome refused = run("compare", out);
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("metric must be one of [", "test/top-k:k=2", "but was test/accuracy");
    }

    /** A run that fails is entered as such, the others go on, and a resume tries it again. */
    @Test
    void aSweepGoesOnAfterARunThatFails() throws IOException {
        Path file = Files.writeString(directory.resolve("broken.yaml"), """
            data: {clients: 20}
            model: softmax
            cohort: 4
            rounds: 2
            sweep: {serverOptimizer: ["brittle:failingStep=2", "brittle:failingStep=3"]}
            """);
        Path out = directory.resolve("broken");
        Outcome outcome = run("run", file.toString(), "--out", out.toString(), "--no-progress");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("1 of 2 runs failed: brittle:failingStep=2, seed 0");
        assertThat(outcome.out())
                .containsPattern("  failed: .*step 2 breaks it")
                .contains("completed after 2 rounds");
        assertThat(run("list", out.toString()).out()).contains(" failed ").contains(" completed ");
        assertThat(run("watch", out.toString()).out()).contains("2 runs, 2 ended");
        assertThat(run("report", out.toString()).code()).isZero();
        assertThat(run("resume", out.toString()).out())
                .contains("finished before")
                .containsPattern("  failed: .*step 2 breaks it");
    }

    @Test
    void entersRunsIntoMlflow() throws IOException {
        List<String> bodies = Collections.synchronizedList(new ArrayList<>());
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/api/2.0/mlflow/", exchange -> {
            String call = exchange.getRequestURI().getPath();
            bodies.add(call + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            String reply = call.endsWith("get-by-name")
                    ? "{\"experiment\":{\"experiment_id\":\"1\"}}"
                    : "{\"run\":{\"info\":{\"run_id\":\"r1\"}}}";
            byte[] bytes = reply.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        try {
            Path file = Files.writeString(
                    directory.resolve("one.yaml"), "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 2\n");
            Outcome outcome = run(
                    "run",
                    file.toString(),
                    "--out",
                    directory.resolve("one").toString(),
                    "--mlflow",
                    "http://localhost:" + server.getAddress().getPort());
            assertThat(outcome.code()).as(outcome.toString()).isZero();
            String hash = outcome.out().replaceAll("(?s).*, ([0-9a-f]{64}).*", "$1");
            assertThat(bodies)
                    .anySatisfy(
                            body -> assertThat(body).contains("log-batch", "\"key\":\"test/accuracy\"", "\"step\":2"))
                    .anySatisfy(body -> assertThat(body).contains("\"key\":\"fl4j.stateSha256\",\"value\":\"" + hash))
                    .anySatisfy(body -> assertThat(body).contains("\"key\":\"model\",\"value\":\"softmax\""));
            assertThat(bodies.get(bodies.size() - 1)).contains("runs/update", "\"status\":\"FINISHED\"", "end_time");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void repeatsNoPasswordOfATrackingServer() throws IOException {
        Path file = Files.writeString(directory.resolve("one.yaml"), "data: {clients: 20}\nrounds: 1\n");
        Path out = directory.resolve("one");
        for (String url : List.of("http://user:geheim@localhost:5000", "http://user:geh eim@localhost")) {
            Outcome outcome = run("run", file.toString(), "--out", out.toString(), "--mlflow", url);
            assertThat(outcome.code()).isEqualTo(2);
            assertThat(outcome.err()).startsWith("server must be a URL ").contains("http://***@localhost");
            assertThat(outcome.out() + outcome.err()).doesNotContain("geh");
            assertThat(out).doesNotExist();
        }
    }

    @Test
    void asksTheTrackingServerBeforeAnythingTrains() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/api/2.0/mlflow/", exchange -> {
            byte[] bytes = "{\"experiment\":{\"experiment_id\":\"1\",\"lifecycle_stage\":\"deleted\"}}"
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        try {
            Path file = Files.writeString(directory.resolve("one.yaml"), "data: {clients: 20}\nrounds: 1\n");
            String url = "http://localhost:" + server.getAddress().getPort();
            Outcome outcome = run(
                    "run", file.toString(), "--out", directory.resolve("gone").toString(), "--mlflow", url);
            assertThat(outcome.code()).isEqualTo(1);
            assertThat(outcome.err())
                    .isEqualToIgnoringNewLines(
                            "experiment gone is deleted on " + url + ": restore it or choose another name");
            assertThat(outcome.out()).isEmpty();
        } finally {
            server.stop(0);
        }
    }
}
