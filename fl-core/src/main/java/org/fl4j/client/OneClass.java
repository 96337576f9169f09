package org.fl4j.client;

import java.util.Optional;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * A factory whose clients are of one class.
 *
 * @param type their class
 * @param factory makes them
 */
record OneClass(Class<? extends SgdClient> type, SgdClientFactory factory) implements SgdClientFactory {
    @Override
    public SgdClient create(ClientId id, Worker worker, LocalTraining training) {
        SgdClient client = Check.present("client of a factory", factory.create(id, worker, training));
        if (client.getClass() != type) {
            throw new IllegalStateException("class of clients must be " + type.getName()
                    + ", as their factory says, but was " + client.getClass().getName());
        }
        return client;
    }

    @Override
    public LocalTraining effective(LocalTraining training) {
        return factory.effective(training);
    }

    @Override
    public Optional<Class<? extends SgdClient>> clientClass() {
        return Optional.of(type);
    }
}
