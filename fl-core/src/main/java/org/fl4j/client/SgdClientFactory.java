package org.fl4j.client;

import java.io.Serializable;
import java.util.Optional;
import org.fl4j.internal.Check;
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

    /**
     * Returns the class of the clients, if it is one for all of them and known before they are made. Clients of a small
     * model may then train in blocks. By default nothing, and clients train one by one.
     */
    default Optional<Class<? extends SgdClient>> clientClass() {
        return Optional.empty();
    }

    /**
     * Returns a factory that says which class its clients are of, so that clients of a small model train in blocks: all
     * steps of several clients at once, which takes a fraction of the time. The class may override the hooks before and
     * after the steps, and {@link SgdClient#gradientCorrection} and {@link SgdClient#anchor}. All clients of a block
     * must train with the same optimizer, learning rate, clipping and proximal term. If the class computes steps or
     * losses itself ({@link SgdClient#loss}, {@link SgdClient#losses}, {@link SgdClient#gradientTerm}, {@link
     * SgdClient#afterBackward}, {@link SgdClient#optimize}), clients train one by one.
     *
     * @param type the class of each client that is made, not a subclass of it
     * @param factory makes them
     */
    static SgdClientFactory ofOneClass(Class<? extends SgdClient> type, SgdClientFactory factory) {
        return new OneClass(Check.present("type", type), Check.present("factory", factory));
    }
}
