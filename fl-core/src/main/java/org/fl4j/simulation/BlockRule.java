package org.fl4j.simulation;

import java.util.Optional;
import org.fl4j.client.SgdClient;
import org.fl4j.client.TrainedBlock;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.SumRule;
import org.fl4j.internal.Check;
import org.fl4j.model.BlockProgram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a run's clients train in blocks, and how large blocks are. It follows from the configuration, never from the
 * machine or from measurements, because a client's bits follow from its block.
 *
 * @param run the configuration
 */
record BlockRule(RunConfig run) {
    private static final Logger LOG = LoggerFactory.getLogger(BlockRule.class);

    /** So many floats of all clients together stay in a core's cache; larger blocks gain nothing. */
    private static final long MOST_FLOATS = 800_000;

    /** Clients with hooks have several vectors each, from the first hook of a block to the last. */
    private static final long MOST_FLOATS_WITH_HOOKS = 100_000;

    /** The same for the batches of a step, which are copied together. */
    private static final long MOST_IN_BATCHES = 4_000_000;

    /** So many rows are listed for all steps of a block: a long training of many clients must not fill memory. */
    private static final long MOST_ROWS = 1_000_000;

    private static final int LARGEST = 64;

    /** A cohort gives so many blocks, for as many cores. */
    private static final int BLOCKS = 4;

    /** Returns why clients cannot train in blocks; nothing if they can. */
    Optional<String> fault() {
        if (run.clientFactory.isPresent() || run.sgdClients.clientClass().isEmpty()) {
            return Optional.of("clients are of a class of their own");
        }
        Class<? extends SgdClient> type = run.sgdClients.clientClass().get();
        if (!TrainedBlock.takes(type)) {
            return Optional.of("clients of " + type.getName() + " take steps of their own");
        }
        if (run.execution.attempts() > 1
                || run.execution.timeout().isPresent()
                || run.execution.roundLimit().isPresent()) {
            return Optional.of("retries, time-outs and round limits are of single clients");
        }
        return BlockProgram.fault(run.task);
    }

    /**
     * Returns the configuration with what this rule says.
     *
     * @param parameters how many floats the model has
     * @throws IllegalArgumentException if blocks were asked for and clients cannot train in them
     */
    RunConfig applied(long parameters) {
        Optional<String> fault = fault();
        Check.that(
                run.blockTraining != BlockTraining.ALWAYS || fault.isEmpty(),
                "blockTraining",
                "AUTO or NEVER where " + fault.orElse(""),
                run.blockTraining);
        int least = run.blockTraining == BlockTraining.ALWAYS ? 2 : 1;
        int size = run.askedBlockSize.orElseGet(() -> fault.isEmpty() ? Math.max(least, usualSize(parameters)) : 1);
        Check.that(size >= least, "blockSize", "at least 2 where clients train in blocks", size);
        boolean used = switch (run.blockTraining) {
            case NEVER -> false;
            case ALWAYS -> true;
            case AUTO -> fault.isEmpty() && size > 1;
        };
        if (used) {
            LOG.info("Clients train in blocks of {}, as the model has {} parameters", size, parameters);
        } else if (run.blockTraining == BlockTraining.AUTO) {
            LOG.debug(
                    "Clients train one by one: {}",
                    fault.orElse("blocks of a model with " + parameters + " parameters have one client"));
        }
        boolean sums = run.aggregator instanceof SumRule; // others fold updates one by one, unless they are told not to
        return run.with(changed -> {
            changed.together = used ? size : 1;
            changed.blockSize = run.askedBlockSize.orElse(used && sums ? size : 1);
        });
    }

    private int usualSize(long parameters) {
        int examples = mostExamples();
        long batch = Math.min(examples, run.training.batchSize())
                * run.task.inputShape().size();
        long size = ((long) run.cohortSize + BLOCKS - 1) / BLOCKS;
        for (long fit : new long[] {
            LARGEST,
            (run.hasPlainClients() ? MOST_FLOATS : MOST_FLOATS_WITH_HOOKS) / Math.max(1, parameters),
            MOST_IN_BATCHES / batch,
            MOST_ROWS / run.training.examplesSeen(examples)
        }) {
            size = Math.min(size, fit);
        }
        return (int) Math.max(1, size);
    }

    /** Returns how many examples the client with the most has, at least 1. */
    int mostExamples() {
        ClientDirectory clients = run.data.clients();
        int most = 1;
        for (int position = 0; position < clients.size(); position++) {
            most = Math.max(most, clients.examplesAt(position));
        }
        return most;
    }
}
