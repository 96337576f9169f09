package org.fl4j.examples.jvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.simulation.CohortExecutor;
import org.fl4j.simulation.PortableProgram;

/** Processes that runs share, one after another, because to start one takes seconds. */
public final class ChildProcesses implements AutoCloseable {
    private final Path directory;
    private final List<ChildProcess> children = new ArrayList<>();
    private int started;

    /** Starts none yet; what processes print goes to files of a directory. */
    public ChildProcesses(Path directory) {
        this.directory = directory;
    }

    /** Returns what runs the clients of a program in so many processes, in blocks of so many positions of the plan. */
    public CohortExecutor.Factory executor(PortableProgram program, int processes, int blockSize) {
        return parts -> new ChildExecutor(parts, program, alive(processes), blockSize);
    }

    private List<ChildProcess> alive(int count) {
        children.removeIf(child -> !child.isAlive());
        try {
            while (children.size() < count) {
                children.add(ChildProcess.start(directory.resolve("process-" + started++ + ".txt")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return List.copyOf(children.subList(0, count));
    }

    @Override
    public void close() {
        children.forEach(ChildProcess::close);
    }
}
