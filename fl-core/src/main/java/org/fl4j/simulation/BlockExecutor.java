package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.fl4j.client.ClientHost;
import org.fl4j.client.TrainedBlock;
import org.fl4j.core.BlockSums;
import org.fl4j.core.SumRule;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.TrainingTask;

/** Runs clients on the workers of this process, where a worker trains the clients of a block at once. */
final class BlockExecutor implements CohortExecutor {
    private final WorkerExecutor single; // evaluates, and asks queries
    private final ClientExecutor workers;
    private final FailurePolicy policy;
    private final ClaimRule claims;
    private final boolean sumsUpdates;
    private final Map<TaskId, BlockTask> tasks = new ConcurrentHashMap<>(); // by the task of a block's first client

    /**
     * Runs blocks.
     *
     * @param single runs single clients
     * @param workers runs work on hosts
     * @param policy what a client that fails does to the run
     * @param claims what may be true of updates
     * @param sumsUpdates whether updates are sent as they are trained, and nobody needs each of them
     */
    BlockExecutor(
            WorkerExecutor single,
            ClientExecutor workers,
            FailurePolicy policy,
            ClaimRule claims,
            boolean sumsUpdates) {
        this.single = single;
        this.workers = workers;
        this.policy = policy;
        this.claims = claims;
        this.sumsUpdates = sumsUpdates;
    }

    /** Works on the clients of a block. */
    @FunctionalInterface
    private interface Work<T> {
        List<BlockAnswers.Place<T>> on(BlockTask block, WorkerHost host);
    }

    private <T> BlockAnswers<T> run(RoundPlan plan, RoundContext round, Work<T> work, Consumer<T> free) {
        tasks.keySet().removeIf(id -> id.round() < round.number()); // of blocks that were not begun
        Map<ClientId, BlockTask> byFirst = new HashMap<>();
        List<ClientId> firsts = new ArrayList<>();
        for (List<ClientId> clients : plan.blocks()) {
            ClientId first = clients.get(0);
            BlockTask task = new BlockTask(clients);
            firsts.add(first);
            byFirst.put(first, task);
            tasks.put(new TaskId(round.number(), first, ClientExecutor.TRAINING), task);
        }
        int needed = (plan.needed() - 1) / plan.together() + 1; // which may be the largest integer
        return new BlockAnswers<>(
                workers.run(
                        ClientExecutor.TRAINING,
                        firsts,
                        round,
                        needed,
                        (first, host, notes) -> places(byFirst.get(first), host, work),
                        places -> places.forEach(place -> place.answer().ifPresent(free))),
                round,
                policy,
                free);
    }

    /** What fails a whole block fails each of its clients. */
    private static <T> List<BlockAnswers.Place<T>> places(BlockTask block, WorkerHost host, Work<T> work) {
        try {
            List<BlockAnswers.Place<T>> places = work.on(block, host);
            places.forEach(place -> place.failure().ifPresent(cause -> block.failed(place.client(), cause)));
            return places;
        } catch (RuntimeException | Error e) { // whatever it is, it is each client's own failure
            block.clients().forEach(client -> block.failed(client, e));
            return block.clients().stream()
                    .map(client -> new BlockAnswers.Place<T>(client, Optional.empty(), Optional.of(e)))
                    .toList();
        }
    }

    @Override
    public Answers<ModelUpdate> train(RoundPlan plan, RoundContext round) {
        return single.handedOut(run(
                plan,
                round,
                (block, host) -> host.trainBlock(tasks(block, plan, round)).stream()
                        .map(answer -> noted(block, answer))
                        .toList(),
                single::free));
    }

    /** Sums on the workers what is sent as it is trained, for rules that take rows of a matrix. */
    @Override
    public Optional<Answers<BlockSums>> sum(RoundPlan plan, RoundContext round, SumRule rule) {
        SharedMessage sent = plan.shared().values().iterator().next();
        boolean whole = plan.orders().isEmpty(); // no client has a model or a part of its own
        if (!sumsUpdates
                || !whole
                || plan.blockSize() != plan.together()
                || !rule.part(sent).takesRows()) {
            return Optional.empty();
        }
        return Optional.of(run(
                plan,
                round,
                (block, host) -> summed(
                        host.trainTogether(tasks(block, plan, round)),
                        host.worker().updates(),
                        sent,
                        rule),
                BlockSums::close));
    }

    private List<BlockAnswers.Place<BlockSums>> summed(
            TrainedBlock trained, NDManager owner, SharedMessage sent, SumRule rule) {
        List<BlockAnswers.Place<BlockSums>> places = new ArrayList<>();
        for (TrainedBlock.Member member : trained.members()) {
            if (member.failure().isPresent()) {
                places.add(new BlockAnswers.Place<>(
                        member.client(),
                        Optional.empty(),
                        Optional.of(member.failure().get())));
            }
        }
        if (places.size() < trained.members().size()) {
            BlockFold fold = new BlockFold(claims, rule, sent);
            fold.take(trained, owner);
            places.add(new BlockAnswers.Place<>(
                    trained.members().get(0).client(), Optional.of(fold.result()), Optional.empty()));
        }
        return places;
    }

    private static List<TrainingTask> tasks(BlockTask block, RoundPlan plan, RoundContext round) {
        return block.clients().stream().map(client -> plan.task(client, round)).toList();
    }

    private BlockAnswers.Place<ModelUpdate> noted(BlockTask block, ClientHost.Answer answer) {
        Optional<ModelUpdate> update = answer.update().map(sent -> single.noted(sent, block.notes(answer.client())));
        return new BlockAnswers.Place<>(answer.client(), update, answer.failure());
    }

    @Override
    public Answers<ModelUpdate> ask(Query query, RoundContext round) {
        return single.ask(query, round);
    }

    @Override
    public Answers<Measured> evaluate(RoundPlan plan, RoundContext round) {
        return single.evaluate(plan, round);
    }

    /** Returns a record for each client, in place of one for its block. */
    @Override
    public List<TaskRecord> newRecords() {
        List<TaskRecord> ofClients = new ArrayList<>();
        for (TaskRecord record : single.newRecords()) {
            BlockTask block = tasks.remove(record.id());
            if (block == null) {
                ofClients.add(record);
            } else {
                ofClients.addAll(block.records(record));
            }
        }
        return ofClients;
    }

    @Override
    public void interrupt() {
        single.interrupt();
    }

    @Override
    public void close() {
        single.close();
    }
}
