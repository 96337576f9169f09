package org.fl4j.client;

import java.io.Serializable;
import org.fl4j.core.ClientId;

/** Makes clients that train as the simulation's {@link LocalTraining} says, as a subclass's constructor does. */
@FunctionalInterface
public interface SgdClientFactory extends Serializable {
    /** Returns the client with this id, to be used on the worker's thread. */
    SgdClient create(ClientId id, Worker worker, LocalTraining training);
}
