package org.fl4j.simulation;

import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.message.Note;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.StrategyState;
import org.fl4j.server.ForwardingServer;

/** Another server, whose tasks have the settings of a rule. */
final class SettingsServer extends ForwardingServer {
    private final SettingsRule rule;
    private final Note<SettingsRule.Decision> note;

    /**
     * Puts a rule around a server.
     *
     * @param number tells it from the run's other rules
     */
    SettingsServer(Server server, SettingsRule rule, int number) {
        super(server);
        this.rule = rule;
        note = new Note<>("settings " + number, SettingsRule.Decision.class);
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        SettingsRule.Decision decision = rule.decide(state, round);
        return super.plan(state, available, round)
                .withSettings(decision.settings())
                .with(note, decision);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        SettingsRule.Decision decision = plan.note(note);
        ServerUpdate update = super.update(state, plan, updates, round);
        StrategyState strategy = update.state().strategy();
        for (Map.Entry<String, Double> number : decision.remembered().entrySet()) {
            strategy = strategy.with(number.getKey(), number.getValue());
        }
        return new ServerUpdate(
                update.state().withStrategy(strategy),
                update.accepted(),
                update.rejected(),
                update.metrics().merge(decision.metrics()));
    }
}
