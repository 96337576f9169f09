package org.fl4j.simulation;

/**
 * A whole federated algorithm: the parts of a simulation that belong together, on the server and on the clients.
 *
 * <pre>{@code
 * Simulation.builder().algorithm(new Scaffold()).task(task).data(data).training(LocalTraining.sgd(.1)) ...
 * }</pre>
 */
@FunctionalInterface
public interface Algorithm {
    /** Sets its parts in a builder. */
    void configure(SimulationBuilder builder);
}
