/** Decentralised learning: nodes that train their own models and average them with their neighbours. */
package org.fl4j.aggregators.decentralised;
