/**
 * Aggregators that withstand clients that send anything. Read {@link org.fl4j.aggregators.robust.CoordinateMedian}
 * first. All of them weigh clients alike, whatever example counts they claim, and hold a round's updates in memory
 * unless they say otherwise. A rule that needs more updates than were accepted ends the run with an exception instead
 * of giving up what it promises.
 */
package org.fl4j.aggregators.robust;
