package org.fl4j.experiments.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class MlflowFaultsTest extends MlflowSetup {
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
}
