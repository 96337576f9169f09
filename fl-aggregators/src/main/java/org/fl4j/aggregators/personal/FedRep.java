package org.fl4j.aggregators.personal;

import org.fl4j.client.LocalTraining;
import org.fl4j.internal.Check;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;

/**
 * FedRep (Collins et al. 2021, arXiv 2102.07078, algorithm 1): each round a client first fits its own head to the
 * received representation, then trains the representation with the head as it is; only the representation is averaged.
 *
 * <p>Deviations: none.
 *
 * @param personal says which parameters are the head
 * @param headTraining how the head trains; the representation trains as the simulation's training says
 */
public record FedRep(SharingRule personal, LocalTraining headTraining) implements Algorithm {
    /** Checks for presence. */
    public FedRep {
        Check.present("personal", personal);
        Check.present("headTraining", headTraining);
    }

    @Override
    public Parts on(Parts parts) {
        SharingRule rule = personal;
        LocalTraining head = headTraining;
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) ->
                        new PersonalLayers.AlternatingClient(id, worker, training, rule, head));
    }

    /** The rule must find its layers in the model. */
    @Override
    public void verify(Parts parts) {
        personal.personal(parts.layout());
    }
}
