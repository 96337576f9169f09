/**
 * Contract tests for plug-ins. Extend the class of your SPI, say how your implementation is made, and every promise of
 * the SPI is tested: {@link org.fl4j.testing.AggregatorContract}, {@link org.fl4j.testing.ClientSelectorContract},
 * {@link org.fl4j.testing.PartitionerContract}, {@link org.fl4j.testing.ServerOptimizerContract},
 * {@link org.fl4j.testing.UpdateTransformContract}, {@link org.fl4j.testing.ClientContract},
 * {@link org.fl4j.testing.ServerContract}, {@link org.fl4j.testing.FederatedDatasetContract}.
 */
package org.fl4j.testing;
