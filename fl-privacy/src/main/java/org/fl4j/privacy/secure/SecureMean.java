package org.fl4j.privacy.secure;

import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * The plain mean of deltas by {@link SecureSum}: each is put into fixed point and masked, and only their sum is
 * unmasked. This hides single updates; it is no differential privacy, not even of updates with noise, for the mean is
 * over those who are there: for that see {@link DistributedDp}.
 *
 * <p>Values beyond the bound of the fixed point are clipped one by one. Clients whose update was rejected or is late
 * count as not having agreed on masks. A cohort of one is refused: its sum is its update. Models with buffers are
 * refused.
 *
 * @param point how numbers become whole ones; its {@code most} bounds the cohort
 */
public record SecureMean(FixedPoint point) implements Aggregator, RunCheck {
    /** Checks for presence. */
    public SecureMean {
        Check.present("point", point);
    }

    @Override
    public void verify(Algorithm.Parts parts) {
        requireNoCodec(parts);
    }

    static void requireNoCodec(Algorithm.Parts parts) {
        Check.that(
                parts.codec().isEmpty(),
                "codec under secure sums",
                "left out, for the server would have to decode the deltas that it must not see",
                parts.codec().map(codec -> codec.getClass().getSimpleName()).orElse("none"));
        Check.that(
                parts.servers().stream().noneMatch(server -> server.decorator().asks()),
                "servers under secure sums",
                "ones that ask no queries, for the server would see each answer",
                "one that does");
    }

    /** Returns 2: of one client there is nothing to hide it among. */
    @Override
    public int minimumUpdates() {
        return 2;
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        Check.that(
                !state.model().layout().hasBuffers(),
                "model under secure aggregation",
                "without buffers, which are not clipped to a bound",
                state.model().layout());
        return new Masked(round, state);
    }

    private final class Masked implements Aggregation {
        private final RoundContext round;
        private final ServerState state;
        private final MaskedVectors encoded = new MaskedVectors();

        Masked(RoundContext round, ServerState state) {
            this.round = round;
            this.state = state;
        }

        @Override
        public void add(ModelUpdate update) {
            int client = update.client().index();
            encoded.add(
                    client,
                    point.encode(
                            update.delta().trainable().toFloatArray(),
                            round.seed("fixed-point rounding", update.client()).generator()));
        }

        @Override
        public void merge(Aggregation other) {
            encoded.merge(((Masked) other).encoded);
        }

        @Override
        public Aggregate combine() {
            int clients = encoded.count();
            if (clients == 0) {
                return Aggregate.of(Optional.empty(), state);
            }
            double[] sum =
                    point.decode(encoded.sum(clients, clients / 2 + 1, round.seed("secure aggregation")), clients);
            float[] mean = new float[sum.length];
            for (int i = 0; i < mean.length; i++) {
                mean[i] = (float) (sum[i] / clients);
            }
            ParameterVector delta = ParameterVector.zeros(
                    state.model().layout(), state.model().floats().getManager());
            Kernels.copy(
                    Tensors.create(
                            delta.floats().getManager(), mean, delta.trainable().getShape()),
                    delta.trainable());
            return Aggregate.of(Optional.of(delta), state);
        }
    }
}
