package org.fl4j.simulation;

/**
 * A part of a run, such as an aggregator, a factory of clients or a server decorator, whose result is right under some
 * settings of other parts only: {@link SimulationBuilder#build} shows it the finished run. A part around another one
 * passes the call on.
 */
@FunctionalInterface
public interface RunCheck {
    /**
     * Checks the parts that the run will use.
     *
     * @throws IllegalArgumentException if this part does not hold with them; the message names the setting, the rule
     *     and the value
     */
    void verify(Algorithm.Parts parts);
}
