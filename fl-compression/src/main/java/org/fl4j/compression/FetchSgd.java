package org.fl4j.compression;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * FetchSGD (Rothchild et al. 2020, arXiv 2007.07682, algorithm 1). Clients keep nothing and send a {@link CountSketch}
 * of their delta, all with the same hash functions. The server keeps momentum and error as sketches too: with S the
 * mean of what it is sent, {@code u = momentum u + S} and {@code e = e + learningRate u}. It moves by the {@code k}
 * largest values that it reads of e, and takes the sketch of that move out of e.
 *
 * <p>Deviations: the delta of a local training takes the place of one gradient; they are the same, up to the client's
 * learning rate, when a client trains one step. The momentum is not masked where the model moved, which the paper's
 * program can do. Models have no buffers.
 *
 * @param sketch its size
 * @param k the share of parameters that move in a round: positive, and at most {@code fraction / rows} of the sketch,
 *     for of more values than a row has columns it cannot tell which are large; a tenth of that is safe
 * @param learningRate of the server, positive
 * @param momentum rho of the paper, in [0, 1)
 */
public record FetchSgd(CountSketch sketch, double k, double learningRate, double momentum) implements Algorithm {
    private static final String SKETCH = "fetchsgd/sketch";
    private static final String MOMENTUM = "fetchsgd/momentum";
    private static final String ERROR = "fetchsgd/error";
    private static final Seed HASHES = new Seed(0).derive("fetchsgd");

    /** Checks all. */
    public FetchSgd {
        Check.present("sketch", sketch);
        Check.share("k", k);
        double columns = sketch.fraction() / sketch.rows();
        Check.that(k <= columns, "k", "at most the share of columns in a row of the sketch, " + columns, k);
        Check.positive("learningRate", learningRate);
        Check.fraction("momentum", momentum);
    }

    @Override
    public Parts on(Parts parts) {
        CountSketch size = sketch;
        return parts.aggregator(aggregator())
                .sgdClients(SgdClientFactory.ofOneClass(
                        SketchingClient.class,
                        (id, worker, training) -> new SketchingClient(id, worker, training, size)));
    }

    @Override
    public void verify(Parts parts) {
        ParameterLayout layout = parts.layout();
        Check.that(
                layout.byteCount() == Float.BYTES * layout.trainableCount(),
                "model under FetchSGD",
                "one without buffers such as those of batch normalisation, for they are not sketched",
                layout);
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new Sketches(this);
    }

    private int sumCount(long parameters) {
        return sketch.sumCount(Math.toIntExact(parameters));
    }

    private static NDArray tensor(NDManager manager, float... values) {
        return Tensors.create(manager, values, new Shape(values.length));
    }

    private record Sketches(FetchSgd fetch) implements Aggregator {
        @Override
        public boolean readsDelta() {
            return false;
        }

        @Override
        public boolean readsAttachments() {
            return true;
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return fetch.new Sum(state);
        }
    }

    private final class Sum implements Aggregation {
        private final ServerState state;
        private Optional<NDArray> sum = Optional.empty();
        private int count;

        Sum(ServerState state) {
            this.state = state;
        }

        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            Shape shape = new Shape(sumCount(state.model().trainable().size()));
            NDArray sent = update.attachments().get(SKETCH);
            return sent != null && sent.getShape().equals(shape)
                    ? Admission.accepted()
                    : Admission.rejected(
                            RejectionReason.REFUSED,
                            "attachment " + SKETCH + " must be there, of shape " + shape + ", but was "
                                    + (sent == null ? "not" : "of shape " + sent.getShape()));
        }

        @Override
        public void add(ModelUpdate update) {
            add(update.attachment(SKETCH).toDevice(state.model().floats().getDevice(), /* copy= */ false), 1);
        }

        private void add(NDArray sketches, int clients) {
            if (sum.isPresent()) {
                sum.get().addi(sketches);
            } else {
                sum = Optional.of(sketches.duplicate());
            }
            count += clients;
        }

        @Override
        public void merge(Aggregation other) {
            Sum part = (Sum) other;
            part.sum.ifPresent(sketches -> add(sketches, part.count));
        }

        @Override
        public Aggregate combine() {
            if (sum.isEmpty()) {
                return Aggregate.of(Optional.empty(), state);
            }
            StrategyState before = state.strategy();
            NDArray velocity = sum.get().div(count);
            before.tensor(MOMENTUM).ifPresent(last -> Kernels.addScaled(velocity, last, momentum));
            NDArray error = velocity.mul(learningRate);
            before.tensor(ERROR).ifPresent(error::addi);
            ParameterVector delta = ParameterVector.zeros(
                    state.model().layout(), state.model().floats().getManager());
            int size = Math.toIntExact(delta.trainable().size());
            float[] estimates = sketch.estimates(size, error.toFloatArray(), HASHES);
            int[] largest = Largest.positions(estimates, TopK.count(k, size));
            float[] move = Sparse.scatter(size, largest, Sparse.gather(estimates, largest));
            Kernels.copy(tensor(error.getManager(), move), delta.trainable());
            error.subi(tensor(error.getManager(), sketch.sums(move, HASHES)));
            StrategyState next = before.with(MOMENTUM, velocity).with(ERROR, error);
            return new Aggregate(Optional.of(delta), next, Metrics.none());
        }
    }

    private static final class SketchingClient extends SgdClient {
        private final CountSketch sketch;

        SketchingClient(ClientId id, Worker worker, LocalTraining training, CountSketch sketch) {
            super(id, worker, training);
            this.sketch = sketch;
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            NDArray delta = update.delta().trainable();
            NDArray sums = tensor(delta.getManager(), sketch.sums(delta.toFloatArray(), HASHES));
            return update.withoutDelta().withAttachment(SKETCH, sums);
        }
    }
}
