package org.fl4j.examples.jvm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.fl4j.core.BlockSums;
import org.fl4j.core.SumRule;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.simulation.ExecutorParts;
import org.fl4j.simulation.PortableProgram;
import org.fl4j.wire.ClientTask;
import org.fl4j.wire.WireForm;
import org.fl4j.wire.WireMessage;

/** Another JVM that works on clients, seen from here. For one thread at a time. */
final class ChildProcess implements AutoCloseable {
    static final String PROGRAM = "program";
    static final String IDENTITY = "identity";
    static final String RULE = "rule";
    static final String END = "end";
    static final String BLOCK = "block";
    static final long LARGEST = 1L << 30;

    private final Process process;
    private final CompletableFuture<Void> ended;
    private final SocketChannel channel;
    private final Set<String> sent = new HashSet<>(); // ids of the plan's messages
    private int plan; // the number of the plan whose messages these are

    private ChildProcess(Process process, CompletableFuture<Void> ended, SocketChannel channel) {
        this.process = process;
        this.ended = ended;
        this.channel = channel;
    }

    /** Starts a process; what it prints goes to a file. */
    static ChildProcess start(Path output) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx1g",
                            "-cp",
                            System.getProperty("java.class.path"),
                            ChildMain.class.getName(),
                            String.valueOf(port))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            CompletableFuture<Void> ended =
                    process.onExit().thenRun(() -> close(server)); // or it would be waited for without end
            SocketChannel channel = server.accept();
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // messages are written in small parts
            return new ChildProcess(process, ended, channel);
        }
    }

    private static void close(ServerSocketChannel server) {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Opens a program there, and checks that its clients are those of the run. */
    void open(PortableProgram program, ExecutorParts parts, NDManager manager) throws IOException {
        plan = 0;
        WireForm.texts(PROGRAM, program.texts()).write(channel);
        WireMessage answer = WireMessage.read(channel, LARGEST, manager);
        if (answer.kind().equals(WireForm.FAILURE)) {
            throw new IllegalArgumentException(WireForm.failure(answer).error());
        }
        parts.requireSame(WireForm.texts(answer, IDENTITY));
    }

    /**
     * Has a client train or evaluate.
     *
     * @param asked the plan, whose messages are sent once
     * @return its update or its metrics
     * @throws ClientException if the client failed
     */
    Object work(Asked asked, ClientId client, ExecutorParts parts, NDManager updates) throws IOException {
        try (NDScope scope = new NDScope();
                NDManager received = updates.newSubManager()) {
            scope.suppressNotUsedWarning();
            send(asked, client);
            return answer(parts, updates, received);
        }
    }

    /** Has the clients of a block train together; a client that failed is answered for by an exception. */
    List<Object> workTogether(Asked asked, List<ClientId> clients, ExecutorParts parts, NDManager updates)
            throws IOException {
        WireForm.texts(BLOCK, Map.of("size", String.valueOf(clients.size()))).write(channel);
        try (NDScope scope = new NDScope();
                NDManager received = updates.newSubManager()) {
            scope.suppressNotUsedWarning();
            for (ClientId client : clients) {
                send(asked, client);
            }
            List<Object> answers = new ArrayList<>();
            for (int i = 0; i < clients.size(); i++) {
                try {
                    answers.add(answer(parts, updates, received));
                } catch (ClientException e) {
                    answers.add(e);
                }
            }
            return answers;
        }
    }

    private void send(Asked asked, ClientId client) throws IOException {
        if (plan != asked.number()) {
            sent.clear();
            plan = asked.number();
        }
        ClientTask task = asked.query().isPresent()
                ? ClientTask.of(asked.query().get(), client, asked.round())
                : ClientTask.of(asked.plan(), asked.work(), client, asked.round());
        if (sent.add(task.shared())) {
            WireForm.of(new WireForm.Shared(task.shared(), asked.plan().shared().get(task.shared())))
                    .write(channel);
        }
        WireForm.of(task).write(channel);
    }

    /** Reads an answer, and answers what is asked before it. */
    private Object answer(ExecutorParts parts, NDManager updates, NDManager received) throws IOException {
        while (true) {
            WireMessage message = WireMessage.read(channel, LARGEST, received);
            switch (message.kind()) {
                case WireForm.QUESTION -> answer(WireForm.question(message), parts, received);
                case WireForm.UPDATE -> {
                    return staged(WireForm.update(message, parts.layout()), parts)
                            .keep(updates);
                }
                case WireForm.MEASURED -> {
                    return WireForm.measured(message);
                }
                default -> throw new ClientException(WireForm.failure(message).error());
            }
        }
    }

    /** Begins a block whose updates are summed there. */
    void beginSums(SumRule rule) throws IOException {
        WireForm.texts(RULE, ExecutorParts.describe(rule)).write(channel);
    }

    /** Ends the block, and returns what its updates came to; nothing if all clients failed. */
    Optional<BlockSums> endSums(NDManager updates) throws IOException {
        WireForm.texts(END, Map.of()).write(channel);
        try (NDScope scope = new NDScope();
                NDManager received = updates.newSubManager()) {
            scope.suppressNotUsedWarning();
            WireMessage message = WireMessage.read(channel, LARGEST, received);
            if (message.kind().equals(WireForm.FAILURE)) {
                return Optional.empty();
            }
            BlockSums sums = WireForm.sums(message);
            sums.sums().keep(updates);
            return Optional.of(sums);
        }
    }

    private void answer(WireForm.Question question, ExecutorParts parts, NDManager manager) throws IOException {
        Map<Slot, StrategyState> kept = parts.states()
                .load(question.client(), question.slot(), manager)
                .map(state -> Map.of(question.slot(), state))
                .orElse(Map.of());
        WireForm.kept(kept).write(channel);
    }

    private static ModelUpdate staged(ModelUpdate update, ExecutorParts parts) {
        update.kept().forEach((slot, state) -> parts.states().stage(update.client(), slot, state));
        update.kept().values().forEach(state -> state.tensors().values().forEach(NDArray::close));
        return update.withKept(Map.of());
    }

    boolean isAlive() {
        return process.isAlive() && channel.isOpen();
    }

    /**
     * What is asked of a cohort.
     *
     * @param number of the plan among those of an executor
     * @param work to train or to evaluate
     * @param plan what clients are sent
     * @param round which round
     * @param query what is asked, if it is a query
     */
    record Asked(int number, ClientTask.Work work, RoundPlan plan, RoundContext round, Optional<Query> query) {
        Asked(int number, ClientTask.Work work, RoundPlan plan, RoundContext round) {
            this(number, work, plan, round, Optional.empty());
        }
    }

    /** What a client threw there. */
    static final class ClientException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ClientException(String error) {
            super(error);
        }
    }

    /** Ends the process: it reads the end of the stream. */
    @Override
    public void close() {
        try {
            channel.close();
            ended.join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            process.destroyForcibly();
        }
    }
}
