/** Aggregation algorithms. Read {@link org.fl4j.server.FedAvg} first. */
package org.fl4j.aggregators;
