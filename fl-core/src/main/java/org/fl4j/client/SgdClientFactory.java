package org.fl4j.client;

import java.io.Serializable;
import org.fl4j.message.ClientId;

/** Makes clients that train as the simulation's {@link LocalTraining} says, as a subclass's constructor does. */
@FunctionalInterface
public interface SgdClientFactory extends Serializable {
    /** Returns the client with this id, to be used on the worker's thread. */
    SgdClient create(ClientId id, Worker worker, LocalTraining training);

    /**
     * Returns how its clients train if the simulation's training is this one, for parts of a run that depend on it. By
     * default as it says; a factory whose clients change the number of steps or the proximal term says so here.
     */
    default LocalTraining effective(LocalTraining training) {
        return training;
    }
}
