/**
 * Runs. Read {@link org.fl4j.simulation.FederatedRound} first, the six steps of a round; then
 * {@link org.fl4j.simulation.Simulation}, which folds rounds into a run and is what users build:
 *
 * <pre>{@code
 * Simulation simulation = Simulation.builder()
 *         .task(Models.mnist2nn())
 *         .data(dataset.federated(partition))
 *         .testData(dataset.test())
 *         .training(LocalTraining.sgd(0.1))
 *         .selector(new UniformSelector())
 *         .aggregator(new FedAvg())
 *         .cohortSize(10)
 *         .rounds(20)
 *         .build();
 * RunResult result = simulation.run();
 * }</pre>
 */
package org.fl4j.simulation;
