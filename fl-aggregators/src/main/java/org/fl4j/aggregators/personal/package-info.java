/**
 * Algorithms that give each client a model of its own. Read {@link org.fl4j.aggregators.personal.PersonalLayers} first.
 * What a client owns is kept between its rounds by the run (see {@link org.fl4j.message.ClientStates}), in memory or on
 * disk, and its evaluation uses it; a client that never took part is evaluated with what the server has.
 */
package org.fl4j.aggregators.personal;
