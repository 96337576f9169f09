/**
 * Clients that train. Read {@link org.fl4j.client.SgdClient} first: it is what research code subclasses. How it trains
 * is a {@link org.fl4j.client.LocalTraining}; what it computes with is a {@link org.fl4j.client.Worker}.
 */
package org.fl4j.client;
