package org.fl4j.simulation;

import java.util.List;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.Check;
import org.fl4j.internal.TypeNames;
import org.fl4j.internal.Wrapper;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.StrategyFailedException;

/**
 * Puts the servers of a run around one another, layer by layer. A server in place of the composed one, which an
 * algorithm set, must be asked in every round: half of an algorithm must not run.
 *
 * @param servers of two in one layer the later is around the earlier
 * @param settings rules for the settings of tasks, below the gates
 */
record ServerStack(List<PlacedServer> servers, List<SettingsRule.Factory> settings) {
    /** Returns the outermost server. */
    Server around(Server composed, DecoratorContext run) {
        Server outermost = composed;
        for (ServerLayer layer : ServerLayer.values()) {
            if (layer == ServerLayer.GATE) {
                outermost = withSettings(outermost, run);
            }
            for (PlacedServer server : servers) {
                if (server.layer() == layer) {
                    outermost = Check.present(
                            "server of layer " + layer, server.decorator().decorate(outermost, run));
                }
            }
            if (layer == ServerLayer.BASE && outermost != composed) {
                Asked base = new Asked(outermost);
                return new Asking(new ServerStack(aboveBase(), settings).around(base, run), base);
            }
        }
        return outermost;
    }

    private List<PlacedServer> aboveBase() {
        return servers.stream()
                .filter(server -> server.layer() != ServerLayer.BASE)
                .toList();
    }

    private Server withSettings(Server server, DecoratorContext run) {
        Server around = server;
        for (int i = 0; i < settings.size(); i++) {
            around = new SettingsServer(around, settings.get(i).of(run), i);
        }
        return around;
    }

    /** A server that notes in which round it was asked last. */
    private static final class Asked extends ForwardingServer implements Wrapper {
        private final Server base;
        private int round;

        Asked(Server base) {
            super(base);
            this.base = base;
        }

        @Override
        public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext context) {
            round = context.number();
            return super.update(state, plan, updates, context);
        }

        @Override
        public Object wrapped() {
            return base;
        }
    }

    /** The outermost server, whose rounds must ask the one in place of the composed one. */
    private static final class Asking extends ForwardingServer implements Wrapper {
        private final Server outermost;
        private final Asked base;

        Asking(Server outermost, Asked base) {
            super(outermost);
            this.outermost = outermost;
            this.base = base;
        }

        @Override
        public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext context) {
            ServerUpdate update = super.update(state, plan, updates, context);
            if (base.round != context.number()) {
                throw StrategyFailedException.broke(
                        context.number(),
                        "server",
                        outermost,
                        "ask the server that it is around, " + TypeNames.of(base) + ", but did not");
            }
            return update;
        }

        @Override
        public Object wrapped() {
            return outermost;
        }
    }
}
