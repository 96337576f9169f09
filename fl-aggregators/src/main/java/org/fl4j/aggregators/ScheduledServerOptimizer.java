package org.fl4j.aggregators;

import java.util.function.DoubleFunction;
import org.fl4j.client.LearningRateSchedule;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.ParameterVector;

/**
 * A server optimizer whose learning rate follows a schedule, such as {@code new
 * ScheduledServerOptimizer(LearningRateSchedule.cosine(1, 100, 0.01), FedAdam::new)}. The schedule counts the server's
 * steps: a round of which no update is accepted does not count.
 *
 * @param schedule the server learning rate of each step
 * @param optimizer makes the optimizer for a rate; what it remembers must not depend on the rate
 */
public record ScheduledServerOptimizer(LearningRateSchedule schedule, DoubleFunction<ServerOptimizer> optimizer)
        implements ServerOptimizer {
    private static final String STEPS = "schedule/steps";

    /** Checks for presence. */
    public ScheduledServerOptimizer {
        Check.present("schedule", schedule);
        Check.present("optimizer", optimizer);
    }

    @Override
    public Step step(ParameterVector model, ParameterVector delta, StrategyState state) {
        double steps = state.number(STEPS).orElse(0.0) + 1;
        return optimizer.apply(schedule.at((int) steps)).step(model, delta, state.with(STEPS, steps));
    }
}
