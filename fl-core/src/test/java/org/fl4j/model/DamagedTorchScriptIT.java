package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged modules are read in a JVM of their own, because libtorch ends the process where it trusts a wrong number.
 * Half of the damage is to the file, half to one entry of an otherwise whole zip.
 */
class DamagedTorchScriptIT {
    private static final int HANGS_AFTER_MINUTES = 20;

    /** Reads damaged files; prints what it expected of none of them. */
    public static final class Reader {
        private Reader() {}

        /** Takes a directory, the first and the last seed, and files. */
        public static void main(String[] arguments) throws IOException {
            Path damaged = Path.of(arguments[0], "damaged.pt");
            int refused = 0;
            for (int seed = Integer.parseInt(arguments[1]); seed < Integer.parseInt(arguments[2]); seed++) {
                Path source = Path.of(arguments[3 + seed % (arguments.length - 3)]);
                Files.write(damaged, mutated(Files.readAllBytes(source), new Random(seed)));
                System.out.println("seed " + seed);
                LearningTask task = LearningTask.classification(new TorchScriptFile(damaged), new Shape(1, 28, 28));
                try {
                    new FederatedModel(task).close();
                } catch (IllegalArgumentException e) {
                    refused++;
                    if (!e.getMessage().contains(damaged.toString())
                            && !e.getMessage().startsWith("type of parameter")) {
                        System.out.println("UNNAMED " + e.getMessage());
                    }
                } catch (Throwable e) {
                    System.out.println("UNEXPECTED " + e);
                }
            }
            System.out.println("refused " + refused + ", end");
        }
    }

    private static byte[] mutated(byte[] file, Random random) throws IOException {
        if (random.nextBoolean()) {
            return damaged(file, random);
        }
        Map<String, byte[]> entries = new LinkedHashMap<>();
        Path whole = Files.createTempFile("whole", ".pt");
        try (ZipFile zip = new ZipFile(Files.write(whole, file).toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
            }
        } finally {
            Files.delete(whole);
        }
        List<String> names = entries.keySet().stream()
                .filter(name -> random.nextInt(3) == 0 || name.endsWith("data.pkl"))
                .toList();
        String victim = names.get(random.nextInt(names.size()));
        entries.put(victim, damaged(entries.get(victim), random));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] damaged(byte[] content, Random random) {
        byte[] result =
                random.nextInt(4) == 0 ? Arrays.copyOf(content, random.nextInt(content.length + 1)) : content.clone();
        for (int change = random.nextInt(4); change >= 0 && result.length > 0; change--) {
            result[random.nextInt(result.length)] = (byte) random.nextInt(256);
        }
        return result;
    }

    @Test
    void fiveHundredDamagedFilesAreRefusedOrRead(@TempDir Path directory) throws Exception {
        readsAll(directory, 0, 500);
    }

    @Test
    @Tag("long")
    void fourThousandDamagedFilesAreRefusedOrRead(@TempDir Path directory) throws Exception {
        readsAll(directory, 1000, 5000);
    }

    private static void readsAll(Path directory, int from, int to) throws Exception {
        File said = directory.resolve("said.txt").toFile();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-DOPT_OUT_TRACKING=true",
                        "-XX:ErrorFile=" + directory.resolve("abort.log"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Reader.class.getName(),
                        directory.toString(),
                        String.valueOf(from),
                        String.valueOf(to),
                        file("net.pt"),
                        file("traced.pt"),
                        file("plain213.pt"))
                .redirectErrorStream(true)
                .redirectOutput(said)
                .start();
        boolean ended = process.waitFor(HANGS_AFTER_MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly().waitFor();
        String output = Files.readString(said.toPath(), StandardCharsets.UTF_8);
        assertThat(ended).as(output).isTrue();
        assertThat(output).doesNotContain("UNEXPECTED", "UNNAMED");
        assertThat(output).containsPattern("refused [1-9]\\d+, end");
        assertThat(process.exitValue()).isZero();
    }

    private static String file(String name) throws Exception {
        return Path.of(DamagedTorchScriptIT.class
                        .getResource("/torchscript/" + name)
                        .toURI())
                .toString();
    }
}
