package org.fl4j.testing;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.RoundContext;
import org.fl4j.core.RoundPlan;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.server.ForwardingServer;
import org.fl4j.simulation.RunParts;
import org.fl4j.simulation.ServerDecorator;
import org.fl4j.tensor.Slice;

/** Sends some clients a part of the model, to train and to evaluate. */
public final class SlicingServer extends ForwardingServer {
    private final Function<ClientId, Optional<Slice>> slices;

    /** Goes around a server; {@code slices} says which part a client is sent, if not all. */
    public SlicingServer(Server server, Function<ClientId, Optional<Slice>> slices) {
        super(server);
        this.slices = slices;
    }

    /** Sends every other client a slice. */
    private record EveryOther(Slice slice) implements ServerDecorator {
        @Override
        public Server decorate(Server server, RunParts run) {
            return new SlicingServer(server, client -> client.index() % 2 == 0 ? Optional.of(slice) : Optional.empty());
        }
    }

    /** Sends clients of even index a slice, and the others the whole model. */
    public static ServerDecorator everyOther(Slice slice) {
        return new EveryOther(slice);
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        return sliced(super.plan(state, available, round));
    }

    @Override
    public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
        return sliced(super.evaluation(state, clients, round));
    }

    private RoundPlan sliced(RoundPlan plan) {
        RoundPlan sliced = plan;
        for (ClientId client : plan.cohort()) {
            Optional<Slice> slice = slices.apply(client);
            if (slice.isPresent()) {
                sliced = sliced.withOrder(client, order -> order.withSlice(slice.get()));
            }
        }
        return sliced;
    }
}
