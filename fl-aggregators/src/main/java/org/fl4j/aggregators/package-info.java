/** Aggregation algorithms. Read {@link org.fl4j.aggregators.FedAvg} first. */
package org.fl4j.aggregators;
