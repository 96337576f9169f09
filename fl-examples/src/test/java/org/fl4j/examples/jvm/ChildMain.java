package org.fl4j.examples.jvm;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.client.ClientHost;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStates;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.simulation.BlockFold;
import org.fl4j.simulation.PortableProgram;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.wire.ClientTask;
import org.fl4j.wire.WireForm;
import org.fl4j.wire.WireMessage;

/** A process that opens programs by their names, and works on what it is sent, one client after another. */
public final class ChildMain implements ClientStates {
    private final SocketChannel channel;
    private final NDManager manager = TensorEngine.newManager(Device.cpu());
    private final Map<String, Held> shared = new TreeMap<>();
    private Optional<PortableProgram.Opened> program = Optional.empty();
    private Map<String, String> rule = Map.of(); // by which this block is summed, if it is
    private Optional<BlockFold> fold = Optional.empty(); // once its first client has a task

    /** A shared message, and what owns its arrays. */
    private record Held(SharedMessage message, NDManager owner) {}

    private ChildMain(SocketChannel channel) {
        this.channel = channel;
    }

    /** Connects to the port of this machine that the first argument names. */
    public static void main(String[] arguments) throws IOException {
        TensorEngine.prepareThread();
        int port = Integer.parseInt(arguments[0]);
        try (SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            new ChildMain(channel).work();
        } catch (EOFException e) {
            // the other side has ended
        }
    }

    private void work() throws IOException {
        while (true) {
            try (NDManager received = manager.newSubManager()) {
                WireMessage message = WireMessage.read(channel, ChildProcess.LARGEST, received);
                switch (message.kind()) {
                    case ChildProcess.PROGRAM -> open(WireForm.texts(message, ChildProcess.PROGRAM));
                    case WireForm.SHARED -> hold(message);
                    case ChildProcess.RULE -> {
                        rule = WireForm.texts(message, ChildProcess.RULE);
                        fold = Optional.empty();
                    }
                    case ChildProcess.END -> sums();
                    case ChildProcess.BLOCK ->
                        block(
                                Integer.parseInt(WireForm.texts(message, ChildProcess.BLOCK)
                                        .get("size")),
                                received);
                    case WireForm.TASK -> answer(WireForm.task(message, layout()));
                    default -> throw new IOException("kind of the message must be known, but was " + message.kind());
                }
            }
        }
    }

    private void open(Map<String, String> texts) throws IOException {
        program.ifPresent(PortableProgram.Opened::close);
        program = Optional.empty();
        shared.values().forEach(held -> held.owner().close());
        shared.clear();
        try {
            PortableProgram.Opened opened = PortableProgram.of(texts).open(Device.cpu(), this);
            program = Optional.of(opened);
            WireForm.texts(ChildProcess.IDENTITY, opened.identity()).write(channel);
        } catch (IllegalArgumentException e) {
            WireForm.of(new WireForm.Failure(e.getMessage())).write(channel);
        }
    }

    private ParameterLayout layout() {
        return program.orElseThrow().model().layout();
    }

    private void hold(WireMessage message) throws IOException {
        WireForm.Shared received = WireForm.shared(message, layout());
        NDManager owner = manager.newSubManager();
        received.message().model().keep(owner);
        received.message().attachments().values().forEach(array -> ParameterVector.keep(array, owner));
        Held before = shared.put(received.id(), new Held(received.message(), owner));
        if (before != null) {
            before.owner().close();
        }
    }

    private void answer(ClientTask asked) throws IOException {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            TrainingTask task = asked.with(shared.get(asked.shared()).message());
            if (asked.work() == ClientTask.Work.EVALUATE) {
                WireForm.of(program.orElseThrow().evaluate(task)).write(channel);
                return;
            }
            if (!rule.isEmpty()) {
                sum(asked, task);
                return;
            }
            try (ModelUpdate update = asked.query().isPresent()
                    ? program.orElseThrow().answer(asked.query().get(), task)
                    : program.orElseThrow().train(task)) {
                WireForm.of(update).write(channel);
            }
        } catch (RuntimeException | LinkageError e) {
            WireForm.of(new WireForm.Failure(e.toString())).write(channel);
        }
    }

    /** Reads the tasks of a block, has its clients train together, and answers for each of them. */
    private void block(int size, NDManager received) throws IOException {
        List<ClientTask> asked = new ArrayList<>();
        while (asked.size() < size) {
            WireMessage message = WireMessage.read(channel, ChildProcess.LARGEST, received);
            if (message.kind().equals(WireForm.SHARED)) {
                hold(message);
            } else {
                asked.add(WireForm.task(message, layout()));
            }
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            List<TrainingTask> tasks = asked.stream()
                    .map(task -> task.with(shared.get(task.shared()).message()))
                    .toList();
            List<ClientHost.Answer> answers = program.orElseThrow().trainBlock(tasks);
            for (int i = 0; i < size; i++) {
                try {
                    tell(answers.get(i), asked.get(i), tasks.get(i));
                } catch (RuntimeException | LinkageError e) {
                    WireForm.of(new WireForm.Failure(e.toString())).write(channel);
                }
            }
        }
    }

    private void tell(ClientHost.Answer answer, ClientTask asked, TrainingTask task) throws IOException {
        if (answer.failure().isPresent()) {
            WireForm.of(new WireForm.Failure(answer.failure().get().toString())).write(channel);
        } else if (rule.isEmpty()) {
            try (ModelUpdate update = answer.update().orElseThrow()) {
                WireForm.of(update).write(channel);
            }
        } else {
            add(answer.update().orElseThrow(), asked, task);
        }
    }

    private void sum(ClientTask asked, TrainingTask task) throws IOException {
        add(program.orElseThrow().train(task), asked, task);
    }

    /** Adds an update to the block's sums, and sends no more of it than what its client keeps. */
    private void add(ModelUpdate update, ClientTask asked, TrainingTask task) throws IOException {
        if (fold.isEmpty()) {
            SharedMessage sent = shared.get(asked.shared()).message();
            fold = Optional.of(program.orElseThrow().sum(rule, sent));
        }
        fold.get().take(update.withKept(Map.of()), task); // before anything is written, for it may fail
        try (ModelUpdate kept = update.with(new Payload(Optional.empty(), Map.of()))) {
            WireForm.of(kept).write(channel);
        }
    }

    private void sums() throws IOException {
        rule = Map.of();
        if (fold.isPresent()) {
            try (BlockFold block = fold.get()) {
                WireForm.of(block.result()).write(channel);
            }
        } else {
            WireForm.of(new WireForm.Failure("no client of the block was there"))
                    .write(channel);
        }
        fold = Optional.empty();
    }

    /** Asks the run what it keeps of the client that works now. */
    @Override
    public Optional<StrategyState> load(ClientId client, Slot slot, NDManager target) {
        try {
            WireForm.of(new WireForm.Question(client, slot)).write(channel);
            return Optional.ofNullable(WireForm.kept(WireMessage.read(channel, ChildProcess.LARGEST, target))
                    .get(slot));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
