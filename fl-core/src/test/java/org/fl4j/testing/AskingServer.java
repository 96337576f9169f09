package org.fl4j.testing;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Query;
import org.fl4j.core.RoundContext;
import org.fl4j.core.RoundPlan;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.SharedMessage;
import org.fl4j.server.ForwardingServer;
import org.fl4j.simulation.RunParts;
import org.fl4j.simulation.ServerDecorator;
import org.fl4j.tensor.Tensors;

/** Asks all clients something once, and keeps the sum of one array of their answers. */
public class AskingServer extends ForwardingServer {
    private final String query;
    private final String attachment;

    /**
     * Goes around a server.
     *
     * @param query the name of what is asked
     * @param attachment which array of ten elements is summed
     */
    public AskingServer(Server server, String query, String attachment) {
        super(server);
        this.query = query;
        this.attachment = attachment;
    }

    private record Decorator(String query, String attachment) implements ServerDecorator {
        @Override
        public Server decorate(Server server, RunParts run) {
            return new AskingServer(server, query, attachment);
        }
    }

    /** Puts such a server around a run's. */
    public static ServerDecorator decorator(String query, String attachment) {
        return new Decorator(query, attachment);
    }

    @Override
    public Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
        if (state.strategy().tensor(attachment).isPresent()) {
            return Optional.empty();
        }
        List<ClientId> all =
                IntStream.range(0, available.size()).mapToObj(available::id).toList();
        return Optional.of(new Query(query, /* readsModel= */ false, RoundPlan.of(all, SharedMessage.of(state))));
    }

    @Override
    public ServerState answered(ServerState state, Query asked, Iterable<ModelUpdate> answers, RoundContext round) {
        NDArray sum = Tensors.create(state.model().floats().getManager(), new float[10], new Shape(10));
        for (ModelUpdate answer : answers) {
            sum.addi(answer.attachment(attachment));
        }
        return state.withStrategy(state.strategy().with(attachment, sum));
    }
}
