package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.assertj.core.data.Offset;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The files were written by PyTorch 1.13: net.pt is a scripted network with batch normalisation, a weight that two
 * layers share, a frozen parameter and a head without bias; traced.pt a traced one of two dense layers; dropout.pt has
 * dropout. Expected values are PyTorch's. plain213.pt was written by PyTorch 2.13, with sizes after the entries: one
 * dense layer.
 */
class TorchScriptFileTest extends TensorTest {
    private static final Shape INPUT = new Shape(1, 28, 28);
    private static final Offset<Float> ROUNDING = within(2e-6f);

    private static LearningTask task(String name) {
        return LearningTask.classification(new TorchScriptFile(file(name)), INPUT);
    }

    private static Path file(String name) {
        try {
            return Path.of(TorchScriptFileTest.class
                    .getResource("/torchscript/" + name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private NDArray images() {
        float[] pixels = new float[4 * 784];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = i % 7 / 7f + Math.floorDiv(i, 784) * .1f;
        }
        return Tensors.create(manager, pixels, new Shape(4, 1, 28, 28));
    }

    @Test
    void listsEachTensorOnceUnderItsNameInPyTorch() {
        try (FederatedModel model = new FederatedModel(task("net.pt"))) {
            assertThat(model.layout().parameters().stream()
                            .filter(entry -> entry.role() == ParameterRole.TRAINABLE)
                            .map(ParameterLayout.Entry::name))
                    .containsExactly(
                            "body.1.weight",
                            "body.1.bias",
                            "body.2.weight",
                            "body.2.bias",
                            "tied.weight",
                            "tied.bias",
                            "again.bias",
                            "head.weight");
            assertThat(model.layout().parameters().stream()
                            .filter(entry -> entry.role() == ParameterRole.FLOAT_BUFFER)
                            .map(ParameterLayout.Entry::name))
                    .containsExactlyInAnyOrder("body.2.running_mean", "body.2.running_var");
            assertThat(model.frozen(Device.cpu())).containsOnlyKeys("frozen");
            assertThat(model.layout().find("body.2.num_batches_tracked").orElseThrow())
                    .isEqualTo(new ParameterLayout.Entry(
                            "body.2.num_batches_tracked", List.of(), ParameterRole.INTEGER_BUFFER, 0));
        }
    }

    @Test
    void predictsAndDifferentiatesAsPyTorchDoes() {
        try (FederatedModel model = new FederatedModel(task("net.pt"));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            assertThat(local.predict(images()).flatten().get("0:5").toFloatArray())
                    .containsExactly(
                            new float[] {-0.1065439f, -0.0945626f, 0.3174621f, -0.1683651f, 0.5517220f}, ROUNDING);

            NDArray labels = Tensors.create(manager, new long[] {0, 1, 2, 3});
            for (int repeat = 0; repeat < 2; repeat++) { // a second gradient must not add to the first
                LocalModel.Gradient result = local.gradient(
                        images(), predictions -> model.task().loss().perExample(predictions, labels));
                assertThat(result.losses().toFloatArray())
                        .containsExactly(new float[] {2.7471309f, 2.5337276f, 2.1514757f, 2.6731243f}, ROUNDING);
                assertThat(norm(model, result.gradient(), "tied.weight")).isCloseTo(0.3243146, within(1e-6));
                assertThat(slice(model, result.gradient(), "head.weight")
                                .get("0:3")
                                .toFloatArray())
                        .containsExactly(new float[] {0.0233375f, -0.0619585f, -0.1424014f}, ROUNDING);
            }
        }
    }

    @Test
    void keepsRunningStatisticsInTheParameterVector() {
        try (FederatedModel model = new FederatedModel(task("net.pt"));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            NDArray labels = Tensors.create(manager, new long[] {0, 1, 2, 3});
            local.gradient(images(), predictions -> model.task().loss().perExample(predictions, labels));

            ParameterVector after = local.parameters();
            assertThat(after.parameter(
                                    model.layout().find("body.2.running_mean").orElseThrow())
                            .toFloatArray())
                    .containsExactly(new float[] {0.0115564f, 0.0180046f, -0.0041886f, -0.0450402f}, ROUNDING);
            assertThat(after.integers().orElseThrow().toLongArray()).containsExactly(1);
        }
    }

    @Test
    void givesEachLocalModelValuesOfItsOwn() {
        try (FederatedModel model = new FederatedModel(task("traced.pt"));
                LocalModel one = new LocalModel(model, Device.cpu());
                LocalModel other = new LocalModel(model, Device.cpu())) {
            one.load(model.initial(new Seed(1), manager));
            other.load(ParameterVector.zeros(model.layout(), manager));
            assertThat(other.predict(images()).toFloatArray()).containsOnly(0);
            assertThat(one.predict(images()).toFloatArray()).doesNotContain(0);
        }
    }

    @Test
    void refusesAModuleThatDrawsRandomNumbers() {
        assertThatThrownBy(() -> new FederatedModel(task("dropout.pt")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "module must be without random operations, which no seed repeats on several workers, but has"
                                + " dropout: " + file("dropout.pt"));
    }

    @Test
    void refusesAFileThatIsNoModule(@TempDir Path directory) throws IOException {
        Path text = Files.writeString(directory.resolve("net.pt"), "weights");
        assertThatThrownBy(() -> new TorchScriptFile(text).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "file must be a module saved by torch.jit.save, but it is not a whole zip (zip END header not"
                                + " found): " + text);
        assertThatThrownBy(() -> new TorchScriptFile(directory.resolve("none.pt")).get())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("none.pt");
    }

    @Test
    void refusesADamagedEntryByName(@TempDir Path directory) throws IOException {
        byte[] bytes = Files.readAllBytes(file("plain213.pt"));
        bytes[2000] ^= 1; // inside of the weight
        Path damaged = Files.write(directory.resolve("net.pt"), bytes);
        assertThatThrownBy(() -> new TorchScriptFile(damaged).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("file must be a module saved by torch.jit.save, but its entry plain/data/0 is damaged: "
                        + damaged);
        Path cut = Files.write(directory.resolve("cut.pt"), Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> new TorchScriptFile(cut).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("it is not a whole zip")
                .hasMessageEndingWith(": " + cut);
    }

    @Test
    void refusesAFileThatUnpacksToFarMoreThanItsSize(@TempDir Path directory) throws IOException {
        Path bomb = directory.resolve("bomb.pt");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(bomb))) {
            zip.putNextEntry(new ZipEntry("bomb/data/0"));
            zip.write(new byte[10_000_000]);
        }
        assertThatThrownBy(() -> new TorchScriptFile(bomb).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "file must be a module saved by torch.jit.save, but with entry bomb/data/0 it unpacks to more"
                                + " than the allowed " + 50 * Files.size(bomb) + " bytes: " + bomb);
    }

    @Test
    void refusesATensorThatIsLongerThanItsEntry(@TempDir Path directory) throws IOException {
        Path cut = changed("plain213.pt", directory, entries -> entries.put("plain/data/0", new byte[100]));
        assertThatThrownBy(() -> new TorchScriptFile(cut).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("file must be a module saved by torch.jit.save, but its entry plain/data/0 must have 7840"
                        + " elements of 4 bytes, but has 100 bytes: " + cut);
    }

    @Test
    void refusesAModuleThatContainsItself(@TempDir Path directory) throws IOException {
        String code = "class Self(Module):\n  __parameters__ = []\n  __buffers__ = []\n  a : %s\n";
        byte[] pickle =
                "\u0080\2c__torch__\nSelf\nq\0)\u0081q\1}(X\1\0\0\0ah\1ub.".getBytes(StandardCharsets.ISO_8859_1);
        Path type = changed("plain213.pt", directory, entries -> {
            entries.put("plain/data.pkl", pickle);
            entries.put(
                    "plain/code/__torch__.py", code.formatted("__torch__.Self").getBytes(StandardCharsets.UTF_8));
        });
        assertThatThrownBy(() -> new TorchScriptFile(type).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("file must be a module saved by torch.jit.save, but class __torch__.Self contains itself,"
                        + " or lies deeper than 200 others: " + type);
        Path object = changed("plain213.pt", directory, entries -> {
            entries.put("plain/data.pkl", pickle);
            entries.put("plain/code/__torch__.py", code.formatted("Any").getBytes(StandardCharsets.UTF_8));
        });
        assertThatThrownBy(() -> new TorchScriptFile(object).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("file must be a module saved by torch.jit.save, but it has an object that contains itself,"
                        + " or lies deeper than 200 others: " + object);
    }

    private static Path withForward(Path directory, String from, String to) throws IOException {
        String place = "plain/code/__torch__/torch/nn/modules/container.py";
        return changed("plain213.pt", directory, entries -> {
            String code = new String(entries.get(place), StandardCharsets.UTF_8);
            assertThat(code).contains(from);
            entries.put(place, code.replace(from, to).getBytes(StandardCharsets.UTF_8));
        });
    }

    @Test
    void refusesADictionaryOfOutputs(@TempDir Path directory) throws IOException {
        Path file = withForward(
                directory,
                "input: Tensor) -> Tensor:\n    _0 = getattr(self, \"0\")\n    _1 = getattr(self, \"1\")\n    input0 ="
                        + " (_0).forward(input, )\n    return (_1).forward(input0, )",
                "input: Tensor) -> Dict[str, Tensor]:\n    _0 = getattr(self, \"0\")\n    _1 = getattr(self, \"1\")\n"
                        + "    input0 = (_0).forward(input, )\n    return {\"logits\": (_1).forward(input0, )}");
        assertThatThrownBy(() -> new TorchScriptFile(file).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("forward must take one tensor and return one, but is forward(")
                .hasMessageContaining("Dict[str, Tensor]")
                .hasMessageEndingWith(": " + file);
    }

    @Test
    void refusesSeveralInputsUnlessTheyHaveDefaults(@TempDir Path directory) throws IOException {
        Path two = withForward(directory, "input: Tensor) -> Tensor:", "input: Tensor, mask: Tensor) -> Tensor:");
        assertThatThrownBy(() -> new TorchScriptFile(two).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("forward must take one tensor and return one, but is forward(")
                .hasMessageEndingWith(": " + two);
    }

    private static Path changed(String name, Path directory, Consumer<Map<String, byte[]>> change) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file(name).toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
            }
        }
        change.accept(entries);
        Path changed = directory.resolve("changed.pt");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(changed))) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return changed;
    }

    private static NDArray slice(FederatedModel model, NDArray gradient, String name) {
        ParameterLayout.Entry entry = model.layout().find(name).orElseThrow();
        return Kernels.narrow(gradient, entry.offset(), entry.size());
    }

    private static double norm(FederatedModel model, NDArray gradient, String name) {
        return Kernels.norm(slice(model, gradient, name));
    }
}
