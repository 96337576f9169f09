/**
 * Attacks on federated learning, to test defences with. Read {@link org.fl4j.aggregators.attack.Byzantine} for attacks
 * on updates, {@link org.fl4j.aggregators.attack.PoisonedDataset} for attacks on data.
 */
package org.fl4j.aggregators.attack;
