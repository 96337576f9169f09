package org.fl4j.wire;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientOrder;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingTask;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * A client's task as it travels: what the client is sent beside a shared message.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param work what it is asked to do
 * @param ticket whom it is for, in which round, and with which seed
 * @param shared the id of the shared message
 * @param ownModel the model in place of the shared one
 * @param settings numbers beside the shared ones, by name
 * @param query the name of what is asked; there only if the work is to answer
 * @param slice which part of the model is the client's, if not all of it
 */
public record ClientTask(
        Work work,
        Ticket ticket,
        String shared,
        Optional<ParameterVector> ownModel,
        Map<String, Double> settings,
        Optional<String> query,
        Optional<Slice> slice) {
    /** What a client is asked to do. */
    public enum Work {
        /** To train, and to answer with an update. */
        TRAIN,
        /** To evaluate, and to answer with metrics. */
        EVALUATE,
        /** To answer a query, with an update that has no delta. */
        ANSWER
    }

    /** Checks for presence. */
    public ClientTask {
        Check.present("work", work);
        Check.present("ticket", ticket);
        Check.present("shared", shared);
        Check.present("ownModel", ownModel);
        Check.that(
                query.isPresent() == (work == Work.ANSWER), "query", "there exactly if one is to be answered", query);
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    }

    /** Takes a client's task from a plan; a model of the client's own is loaded into the open scope. */
    public static ClientTask of(RoundPlan plan, Work work, ClientId client, RoundContext round) {
        return of(plan, work, Optional.empty(), client, round);
    }

    /** Takes a client's task from a query. */
    public static ClientTask of(Query query, ClientId client, RoundContext round) {
        return of(query.plan(), Work.ANSWER, Optional.of(query.name()), client, round);
    }

    private static ClientTask of(
            RoundPlan plan, Work work, Optional<String> query, ClientId client, RoundContext round) {
        ClientOrder order = plan.order(client);
        return new ClientTask(
                work,
                round.ticket(client),
                order.shared(),
                order.ownModel().map(own -> plan.ownModel(client, own)),
                order.settings(),
                query,
                order.slice());
    }

    /** Puts the task together with its shared message: {@link RoundPlan#task} of the plan that both come from. */
    public TrainingTask with(SharedMessage message) {
        ParameterVector model = ownModel.orElse(message.model());
        return new TrainingTask(
                ticket,
                message.modelVersion(),
                slice.isPresent() ? slice.get().cut(model) : model,
                message.attachments(),
                message.withSettings(settings).settings(),
                slice);
    }
}
