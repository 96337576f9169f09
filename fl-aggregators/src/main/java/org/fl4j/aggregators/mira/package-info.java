/**
 * One model for each client, coupled along a graph of clients. Read {@link org.fl4j.aggregators.mira.Mira} first. Needs
 * {@code org.nd4j:nd4j-native} on the class path.
 */
package org.fl4j.aggregators.mira;
