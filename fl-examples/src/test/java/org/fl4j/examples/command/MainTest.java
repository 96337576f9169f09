package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.fl4j.examples.command.Commands.hash;
import static org.fl4j.examples.command.Commands.output;
import static org.fl4j.examples.command.Commands.run;
import static org.fl4j.examples.command.Commands.with;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.fl4j.examples.QuickStart;
import org.fl4j.examples.command.Commands.Outcome;
import org.fl4j.fixture.ForeignReaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
    private static final String[] SMALL = Commands.small();

    @TempDir
    Path directory;

    @Test
    void printsATableAndASummary() {
        Outcome outcome = run(SMALL);
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out().lines().toList().subList(0, 3))
                .satisfiesExactly(
                        line -> assertThat(line.trim().split(" {2,}|(?<=updates) +"))
                                .containsExactly("round", "updates", "train loss", "test loss", "accuracy", "seconds"),
                        line -> assertThat(line.trim()).startsWith("1    4/4 "),
                        line -> assertThat(line.trim()).startsWith("2    4/4 "));
        assertThat(outcome.out())
                .contains("end             completed")
                .contains("test accuracy   0.")
                .contains("bytes up        251,200");
        hash(outcome);
    }

    @Test
    void printsWhatClientsMeasureWhenAsked() {
        Outcome outcome = run(with(SMALL, "--client-evaluation", "2", "--held-out", "2"));
        assertThat(outcome.code()).as(outcome.toString()).isZero();
        assertThat(outcome.out())
                .contains("accuracy    client/test  held-out/test   seconds")
                .containsPattern("\n +1 +4/4 .* 0\\.\\d{4} +- +- +[0-9.]+\n")
                .containsPattern("\n +2 +4/4 .* 0\\.\\d{4} +0\\.\\d{4} +0\\.\\d{4} +[0-9.]+\n");
        assertThat(run(with(SMALL, "--local-test", "0.5")).err())
                .contains("localTest must be left out without clientEvaluationEvery, but was 0.5");
    }

    @Test
    void givesTheSameModelForTheSameSeedOnAnyNumberOfWorkers() {
        String one = hash(run(with(SMALL, "--workers", "1")));
        assertThat(hash(run(with(SMALL, "--workers", "3")))).isEqualTo(one);
        assertThat(hash(run(with(SMALL, "--seed", "1")))).isNotEqualTo(one);
    }

    @Test
    void writesMetricsAndResumes() throws Exception {
        String[] recorded = with(SMALL, "--out", directory.toString(), "--partition", "shards:2");
        assertThat(run(recorded).code()).isZero();
        assertThat(Files.readAllLines(directory.resolve("rounds.csv"))).hasSize(3);
        assertThat(Files.readAllLines(directory.resolve("rounds.jsonl"))).hasSize(2);
        assertThat(Files.readAllLines(directory.resolve("partition.csv"))).hasSize(21);
        Outcome resumed = run(with(recorded, "--resume", "--rounds", "3"));
        assertThat(resumed.out()).doesNotContain("\n     2 ").contains("\n     3 ");
        assertThat(Files.readAllLines(directory.resolve("rounds.csv"))).hasSize(4);
        Outcome undisturbed = run(with(SMALL, "--partition", "shards:2", "--rounds", "3"));
        assertThat(hash(resumed)).isEqualTo(hash(undisturbed));
    }

    @Test
    void everyTrainingOptionChangesTheModel() {
        String base = hash(run(SMALL));
        for (String[] option : new String[][] {
            {"--epochs", "2"},
            {"--batch-size", "20"},
            {"--client-lr", "0.05"},
            {"--server-optimizer", "plain:learningRate=0.5"},
            {"--partition", "dirichlet:0.5"},
            {"--partition", "classes:3"},
            {"--partition", "lognormal:1"},
            {"--partition", "quantity:1"},
            {"--aggregator", "median"},
            {"--server-optimizer", "fedadam"},
            {"--server-optimizer", "fedyogi"},
            {"--server-optimizer", "fedadagrad"},
            {"--server-optimizer", "fedavgm"},
            {"--algorithm", "fedprox:mu=1"},
            {"--algorithm", "scaffold"},
            {"--upload-transform", "norm-clipping:clippingBound=0.1"},
            {"--byzantine", "10", "--attack", "sign-flip"},
            {"--byzantine", "10", "--poison", "label-flip"},
            {"--client-evaluation", "2"},
            {"--client-evaluation", "2", "--local-test", "0.5"},
            {"--client-evaluation", "2", "--held-out", "2"},
            {"--cohort", "5"},
            {"--clients", "21"},
            {"--rounds", "3"}
        }) {
            assertThat(hash(run(with(SMALL, option))))
                    .as(String.join(" ", option))
                    .isNotEqualTo(base);
        }
        String[] prox = with(SMALL, "--algorithm", "fedprox:mu=1");
        assertThat(hash(run(with(prox, "--byzantine", "10", "--attack", "sign-flip"))))
                .as("an attack on a whole algorithm")
                .isNotEqualTo(hash(run(prox)));
        String[] uneven = with(SMALL, "--partition", "lognormal:1");
        assertThat(hash(run(with(uneven, "--aggregator", "fedavg:weighting=uniform"))))
                .isNotEqualTo(hash(run(uneven)));
    }

    @Test
    void findsThePlugInOfAnotherJarByName() {
        String first = hash(run(with(SMALL, "--aggregator", "dictator")));
        assertThat(first).isNotEqualTo(hash(run(SMALL)));
        assertThat(hash(run(with(SMALL, "--aggregator", "dictator:chosen=1")))).isNotEqualTo(first);
        assertThat(run("strategies").out()).contains("  dictator            {chosen=0}");
        assertRefused("dictator: chosen must be at least 0, but was -1", "--aggregator", "dictator:chosen=-1");
        assertRefused("dictator: chosen must be a whole number, but was me", "--aggregator", "dictator:chosen=me");
    }

    private static void assertRefused(String message, String... options) {
        Outcome outcome = run(with(SMALL, options));
        assertThat(outcome.code()).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(outcome.err()).contains(message);
    }

    @Test
    void refusesBadArgumentsWithNameRuleAndValue() {
        assertRefused("cohort must be in [1, 20], but was 30", "--cohort", "30");
        assertRefused("clients must be at least 1, but was 0", "--clients", "0");
        assertRefused("learningRate must be positive and finite, but was NaN", "--client-lr", "NaN");
        assertRefused("aggregator must be one of [bulyan, centered-clipping, ", "--aggregator", "kram");
        assertRefused("but was kram; did you mean krum?", "--aggregator", "kram");
        assertRefused("krum: name of a parameter must be one of [byzantine], but was f", "--aggregator", "krum:f=2");
        assertRefused(
                "selector must be one of [active, oort, oort-testing, optimal, poisson, power-of-choice, round-robin,"
                        + " ucb, uniform, weighted], but was ort",
                "--selector",
                "ort");
        assertRefused(
                "model must be one of [2nn, 2nn-batchnorm, cnn, resnet18-bn, resnet18-gn, softmax], but was vgg",
                "--model",
                "vgg");
        assertRefused("shards: shards must be a whole number, but was two", "--partition", "shards:two");
        assertRefused("--out must be given with --listeners, ", "--listeners", "csv");
        assertRefused("--out must be given with --listeners, ", "--privacy", "local-dp:log=releases.jsonl");
        assertRefused("device must be auto or a list of available devices (cpu", "--device", "gpu:17");
        assertRefused("byzantine must be in [1, 20], but was 0", "--attack", "sign-flip");
        assertRefused("byzantine must be in [1, 20], but was 0", "--poison", "label-flip");
        assertRefused(
                "cohortSize must be at least what the aggregator needs, 7, but was 4",
                "--aggregator",
                "krum:byzantine=2");
        assertRefused("resume must be false without a checkpoint directory, but was true", "--resume");
    }

    @Test
    void namesADataDirectoryThatIsNotThere() {
        Outcome outcome = run(with(SMALL, "--data", directory.resolve("nowhere").toString()));
        assertThat(outcome.code()).isEqualTo(CommandLine.ExitCode.SOFTWARE);
        assertThat(outcome.err())
                .contains("data directory must exist, but there is no directory " + directory.resolve("nowhere"));
    }

    @Test
    void runsTheQuickStartAsTheReadmeShowsIt() throws Exception {
        String quickStart = output(() -> QuickStart.main(new String[0]));
        Matcher accuracy = Pattern.compile("accuracy ([0-9.]+)").matcher(quickStart);
        assertThat(accuracy.find()).as(quickStart).isTrue();
        Matcher promised =
                Pattern.compile("```text\\naccuracy ([0-9.]+)\\n").matcher(Files.readString(Path.of("../README.md")));
        assertThat(promised.find()).as("the README shows the output").isTrue();
        assertThat(Double.parseDouble(accuracy.group(1))).isCloseTo(Double.parseDouble(promised.group(1)), within(.03));
    }

    /** A linear model must not do on digits what a network does. */
    @Test
    void drawsDigitsTooHardForALinearModel() {
        String[] central = {"mnist", "--clients", "1", "--cohort", "1", "--rounds", "5", "--client-lr", "0.05"};
        assertThat(accuracy(run(with(central, "--model", "softmax")))).isBetween(.6, .95);
        assertThat(accuracy(run(with(central, "--model", "2nn")))).isGreaterThan(.93);
    }

    private static double accuracy(Outcome outcome) {
        Matcher matcher = Pattern.compile("test accuracy   (\\S+)").matcher(outcome.out());
        assertThat(matcher.find()).as(outcome.toString()).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void trainsOnColouredDigits() {
        Outcome outcome = run("cifar", "--rounds", "1", "--cohort", "2", "--clients", "50");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        hash(outcome);
    }

    @Test
    void showsProgressWithoutDisturbingTheTable() {
        Outcome outcome = run(with(SMALL, "--progress"));
        assertThat(outcome.code()).isZero();
        assertThat(hash(outcome)).isEqualTo(hash(run(SMALL)));
    }

    @Test
    void timesAWorkload() {
        Outcome outcome = run("benchmark", "p3", "--rounds", "2");
        assertThat(outcome.out())
                .contains("\"workload\": \"p3\"")
                .containsPattern("\"round_seconds_median\": [0-9]+\\.[0-9]+");
        ForeignReaders.strictJson(outcome.out().strip());
        assertThat(run("benchmark", "p3", "--rounds", "2", "--engine", "null").code())
                .isZero();
        assertThat(run("benchmark", "p3", "--rounds", "2", "--engine", "hook").code())
                .isZero();
        assertThat(run("benchmark", "p3", "--rounds", "2", "--engine", "term", "--one-by-one")
                        .code())
                .isZero();
        assertThat(run("benchmark", "all", "--peers", "nowhere").err())
                .contains("--peers must be a Python environment, with bin/python, but was nowhere");
        assertThat(run("benchmark", "p3", "--rounds", "2", "--algorithm", "fedntd")
                        .code())
                .isZero();
        assertThat(run("benchmark", "p3", "--algorithm", "fedntt").err()).contains("did you mean fedntd?");
        assertThat(run("benchmark", "p7").err())
                .contains("workload must be one of p1, p2, p3, p5, p6, p8, p9, p10," + " but was p7");
    }

    /** A run in a world of fast and slow devices, its time to a target, and its charts. */
    @Test
    void runsOnASimulatedClockAndDrawsIt() throws IOException {
        Path one = directory.resolve("one");
        Outcome outcome = run(with(
                SMALL,
                "--world",
                "lognormal:computeSpread=2,nightHours=12",
                "--over-commit",
                "1.5",
                "--selector",
                "oort",
                "--target",
                "0.05",
                "--out",
                one.toString()));
        assertThat(outcome.code()).as(outcome.toString()).isZero();
        assertThat(outcome.out())
                .containsPattern("simulated time  [0-9.]+ s")
                .containsPattern("time to 0.05    [0-9.]+ s, simulated");
        for (String name : new String[] {"curve.png", "curve.svg", "round.png"}) {
            Path file = directory.resolve(name);
            Outcome drawn = name.startsWith("round")
                    ? run("chart", one.toString(), "--clients-of-round", "1", "--file", file.toString())
                    : run("chart", one.toString(), "--file", file.toString());
            assertThat(drawn.code()).as(drawn.toString()).isZero();
            assertThat(Files.size(file)).isGreaterThan(2000);
            if (name.endsWith("png")) {
                BufferedImage image = ImageIO.read(file.toFile());
                assertThat(image.getWidth()).isEqualTo(900);
                assertThat(IntStream.range(0, image.getWidth() * image.getHeight())
                                        .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
                                        .filter(rgb -> (rgb & 0xffffff) == 0x1f77b4)
                                        .count()
                                > 100)
                        .as("bars of clients that are done")
                        .isEqualTo(name.startsWith("round"));
            } else {
                assertThat(Files.readString(file)).contains("<svg");
            }
        }
        assertThat(run(
                                "chart",
                                one.toString(),
                                "--file",
                                directory.resolve("x.gif").toString())
                        .err())
                .contains("name of a chart must end in .png or .svg, but was x.gif");
        Path twin = directory.resolve("below/one"); // its name is that of the other, which the chart must not drop
        Files.createDirectories(twin);
        Files.copy(one.resolve("rounds.jsonl"), twin.resolve("rounds.jsonl"));
        Path both = directory.resolve("both.svg");
        assertThat(run("chart", one.toString(), twin.toString(), "--file", both.toString())
                        .code())
                .isZero();
        assertThat(both).isNotEmptyFile();
        assertThat(ChartCommand.name(twin, List.of(one, twin))).isEqualTo(twin.toString());
        assertThat(ChartCommand.name(one, List.of(one, one.resolveSibling("other"))))
                .isEqualTo("one");
        assertThat(run("chart", one.toString(), "--clients-of-round", "9", "--file", "x.png")
                        .err())
                .contains("must be one that was run, but was 9");
    }

    @Test
    void asynchronousRunsAreTheSameOnAnyWorkers() {
        List<String> words = new ArrayList<>(List.of(SMALL));
        int cohort = words.indexOf("--cohort");
        words.subList(cohort, cohort + 2).clear(); // concurrency says how many train
        String[] small = words.toArray(String[]::new);
        String[] options =
                with(small, "--world", "lognormal", "--concurrency", "6", "--buffer", "3", "--aggregator", "fedbuff");
        assertThat(hash(run(with(options, "--workers", "1")))).isEqualTo(hash(run(with(options, "--workers", "3"))));
        Outcome windows = run(with(small, "--world", "same", "--concurrency", "6", "--buffer", "100", "--window", "5"));
        assertThat(windows.out()).contains("simulated time  10.0 s");
        assertThat(run(with(SMALL, "--world", "same", "--concurrency", "6")).err())
                .contains("cohort must be left out with world.concurrency, which says how many train, but was 4");
        assertThat(run(with(SMALL, "--over-commit", "1.3")).err())
                .contains("options of a simulated clock must be given with a world, but was without");
        assertThat(run(with(small, "--world", "same", "--concurrency", "6", "--over-commit", "1.3"))
                        .err())
                .contains("over-commitment and timeout must be left out of asynchronous rounds, but was given");
    }

    @Test
    void readsTraces() throws IOException {
        Path devices = Files.writeString(
                directory.resolve("devices.csv"), "client,computation,communication\n1,100,8000\n2,200,4000\n");
        Path availability = Files.writeString(
                directory.resolve("availability.json"),
                "{\"1\": {\"active\": [0], \"inactive\": [900], \"finish_time\": 1000}}");
        Outcome outcome = run(with(
                SMALL,
                "--world",
                "same",
                "--device-trace",
                devices.toString(),
                "--availability-trace",
                availability.toString()));
        assertThat(outcome.code()).as(outcome.toString()).isZero();
        assertThat(outcome.out()).contains("simulated time");
    }

    /** A sweep is run, broken off, resumed, listed, compared and reported; finished runs are not run again. */
    @Test
    void completesCommandsInAShell() {
        assertThat(run("generate-completion").out()).contains("mnist", "strategies", "--over-commit", "report");
    }
}
