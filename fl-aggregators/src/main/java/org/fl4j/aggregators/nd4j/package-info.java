/** A bridge for aggregators that are written on ND4J's arrays. Needs {@code org.nd4j:nd4j-native} on the class path. */
package org.fl4j.aggregators.nd4j;
