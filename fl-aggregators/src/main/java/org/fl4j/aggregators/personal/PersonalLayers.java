package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;

/**
 * Models of which some layers are shared and averaged and the others stay with each client, by a rule: {@linkplain
 * #head FedPer} (Arivazhagan et al. 2019, arXiv 1912.00818, algorithm 1), {@linkplain #body
 * LG-FedAvg} (Liang et al. 2020, arXiv 2001.01523), {@linkplain #normalisation
 * FedBN} (Li et al. 2021, arXiv 2102.07623, algorithm 1), or a rule of your own. FedRep is {@link FedRep}.
 *
 * <p>Deviations: a client that trains for the first time starts its own layers from the server's initial ones. The
 * delta of personal parameters is 0, so the server's stay as they were drawn.
 *
 * @param rule says which parameters are personal
 */
public record PersonalLayers(SharingRule rule) implements Algorithm {
    private static final Slot SLOT = Slot.ofClient("personal-layers");

    /** Checks for presence. */
    public PersonalLayers {
        Check.present("rule", rule);
    }

    /** FedPer: the last layers are personal, as many as said. */
    public static PersonalLayers head(int layers) {
        return new PersonalLayers(SharingRule.lastLayers(layers));
    }

    /** LG-FedAvg: all but the last layers are personal. */
    public static PersonalLayers body(int sharedLayers) {
        return new PersonalLayers(SharingRule.lastLayers(sharedLayers).negate());
    }

    /** FedBN: layers with running statistics are personal, with all their parameters. */
    public static PersonalLayers normalisation() {
        return new PersonalLayers(SharingRule.normalisation());
    }

    @Override
    public Parts on(Parts parts) {
        SharingRule personal = rule;
        return parts.usualAggregator(new FedAvg())
                .sgdClients(SgdClientFactory.ofOneClass(
                        SharingClient.class,
                        (id, worker, training) -> new SharingClient(id, worker, training, personal)));
    }

    /** The rule must find its layers in the model. */
    @Override
    public void verify(Parts parts) {
        rule.personal(parts.layout());
    }

    /** Puts its own layers into the received model, and takes them out of the update. */
    static class SharingClient extends SgdClient {
        private final SharingRule rule;

        SharingClient(ClientId id, Worker worker, LocalTraining training, SharingRule rule) {
            super(id, worker, training);
            this.rule = rule;
        }

        final List<ParameterLayout.Entry> personal() {
            return rule.personal(worker().model().parameters().layout());
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            beforeEvaluation(task, model);
        }

        @Override
        protected void beforeEvaluation(TrainingTask task, LocalModel model) {
            kept(SLOT).ifPresent(state -> {
                for (ParameterLayout.Entry entry : personal()) {
                    Kernels.copy(
                            state.tensor(entry.name()).orElseThrow(),
                            model.parameters().parameter(entry));
                }
            });
        }

        /** A proximal term pulls shared layers to the received ones, and personal layers to what they were. */
        @Override
        protected NDArray anchor(ParameterVector received) {
            return worker().model().parameters().trainable().duplicate();
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            ParameterVector received = task.model().on(worker().device());
            Map<String, NDArray> own = new TreeMap<>();
            for (ParameterLayout.Entry entry : personal()) {
                NDArray place = model.parameters().parameter(entry);
                own.put(entry.name(), place.duplicate());
                Kernels.copy(received.parameter(entry), place);
            }
            keep(SLOT, new StrategyState(own, Map.of()));
        }
    }

    /** Trains personal and shared layers by turns, and holds the others. */
    static final class AlternatingClient extends SharingClient {
        private final LocalTraining head;
        private boolean trainsHead;
        private ParameterVector fitted;

        AlternatingClient(ClientId id, Worker worker, LocalTraining training, SharingRule rule, LocalTraining head) {
            super(id, worker, training, rule);
            this.head = head;
            fitted = worker.model().parameters();
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            super.beforeTraining(task, model);
            ParameterVector start = model.parameters().copy();
            trainsHead = true;
            train(task, head, start.trainable(), "head");
            putBackHeld(start);
            trainsHead = false;
            fitted = model.parameters().copy();
        }

        @Override
        protected void afterBackward(LocalStep step) {
            held().forEach(entry -> Kernels.narrow(step.gradient(), entry.offset(), entry.size())
                    .muli(0));
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            putBackHeld(fitted);
            super.afterTraining(task, model);
        }

        private List<ParameterLayout.Entry> held() {
            List<ParameterLayout.Entry> personal = personal();
            return worker().model().parameters().layout().parameters().stream()
                    .filter(entry -> entry.role() == ParameterRole.TRAINABLE && personal.contains(entry) != trainsHead)
                    .toList();
        }

        /** Undoes what weight decay did to layers without a gradient. */
        private void putBackHeld(ParameterVector before) {
            ParameterVector parameters = worker().model().parameters();
            held().forEach(entry -> Kernels.copy(before.parameter(entry), parameters.parameter(entry)));
        }
    }
}
