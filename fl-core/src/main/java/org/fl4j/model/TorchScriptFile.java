package org.fl4j.model;

import ai.djl.nn.Block;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.fl4j.internal.Check;
import org.fl4j.tensor.TorchScriptArchive;

/**
 * A module written in Python and saved by {@code torch.jit.save}, as the architecture of a {@link LearningTask}. Its
 * parameters and buffers train federated from the values in the file, under their names in {@code state_dict};
 * gradients are libtorch's own. Its {@code forward} takes one tensor, a batch, and returns one. Parameters are float32,
 * buffers float32 or int64.
 *
 * <pre>{@code
 * LearningTask task = LearningTask.classification(new TorchScriptFile(Path.of("net.pt")), new Shape(1, 28, 28));
 * }</pre>
 *
 * <p>A module that draws random numbers, dropout among them, is refused when a simulation is built: libtorch's
 * generator is shared by all threads, and one seed would not give one result. So is a file without a trainable
 * parameter, and one that does not accept the task's examples.
 *
 * @param path the file, read when a simulation is built, and when it runs
 */
public record TorchScriptFile(Path path) implements Supplier<Block> {
    /** Checks for presence. */
    public TorchScriptFile {
        Check.present("path", path);
    }

    /** Reads the file. */
    @Override
    public Block get() {
        return new TorchScriptBlock(TorchScriptArchive.read(path));
    }
}
