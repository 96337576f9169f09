/**
 * Aggregators for updates that started from older models. Read {@link org.fl4j.aggregators.asynchronous.FedBuff} first,
 * and {@link org.fl4j.simulation.Asynchronous} for how clients run.
 */
package org.fl4j.aggregators.asynchronous;
