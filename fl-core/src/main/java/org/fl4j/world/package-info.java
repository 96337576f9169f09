/**
 * The simulated world: how fast clients' devices are and when they are there. Read {@link org.fl4j.world.World} first.
 */
package org.fl4j.world;
