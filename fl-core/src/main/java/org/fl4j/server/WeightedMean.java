package org.fl4j.server;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.SumRule;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * The weighted mean of deltas, of what is attached to them, and of numbers that {@link #also} takes of them, as updates
 * arrive: one accumulator each. What other algorithms than FedAvg make of the mean is a function that is called at the
 * end.
 */
public final class WeightedMean implements SumRule.Sums {
    private static final String EXPONENT = "exponent"; // names of sums
    private static final String WEIGHT = "weight";
    private static final String COUNT = "count";
    private static final String WEIGHTS = "weights";
    private static final String FLOATS = "floats";
    private static final String INTEGERS = "integers";
    private static final String ATTACHED = "attachment ";
    private static final String STATISTIC = "statistic ";

    private final UpdateWeighting weighting;
    private final ServerState state;
    private final List<String> attachments;
    private final Function<WeightedMean, Aggregate> finish;
    private final Map<String, NDArray> attached = new TreeMap<>();
    private final Map<String, ToDoubleFunction<ModelUpdate>> statistics = new TreeMap<>();
    private final Map<String, Double> numbers = new TreeMap<>(); // scaled sums
    private Optional<ParameterVector> sum = Optional.empty();
    private Optional<CoordinateWeights> weights = Optional.empty(); // once a slice was folded; scaled
    private SumScale scale = new SumScale(); // of all sums
    private int count;

    /**
     * Starts a mean.
     *
     * @param weighting how much each update counts
     * @param state the round's state
     * @param attachments the names of those that are averaged too; an update without one is refused
     * @param finish makes the aggregate once all updates are folded, of one at least
     */
    public WeightedMean(
            UpdateWeighting weighting,
            ServerState state,
            List<String> attachments,
            Function<WeightedMean, Aggregate> finish) {
        this.weighting = weighting;
        this.state = state;
        this.attachments = List.copyOf(attachments);
        this.finish = finish;
    }

    /** Starts a mean that is the aggregate. */
    public WeightedMean(UpdateWeighting weighting, ServerState state) {
        this(weighting, state, List.of(), mean -> Aggregate.of(Optional.of(mean.delta()), state));
    }

    /**
     * Takes the mean of a number of each update too, with the weights of the deltas.
     *
     * @param name what {@link #statistic} returns it by
     * @param ofUpdate the number: finite
     */
    public WeightedMean also(String name, ToDoubleFunction<ModelUpdate> ofUpdate) {
        statistics.put(name, Check.present("ofUpdate", ofUpdate));
        return this;
    }

    @Override
    public Admission onModelUpdate(ModelUpdate update) {
        Shape shape = state.model().trainable().getShape();
        for (String name : attachments) {
            NDArray attachment = update.attachments().get(name);
            if (attachment == null || !attachment.getShape().equals(shape)) {
                return Admission.rejected(
                        RejectionReason.REFUSED,
                        "attachment " + name + " must be there, of shape " + shape + ", but was "
                                + (attachment == null ? "not" : "of shape " + attachment.getShape()));
            }
        }
        return Admission.accepted();
    }

    @Override
    public void add(ModelUpdate update) {
        double weight = Check.positive("weight of " + update.client(), weighting.weight(update));
        Device device = state.model().floats().getDevice();
        makeRoomFor(Math.getExponent(weight));
        double scaled = scale.scaled(weight);
        ParameterVector delta = update.delta().on(device);
        Optional<Slice> slice = update.payload()
                .slice()
                .filter(part -> !part.isWhole(state.model().layout()));
        if (slice.isPresent()) {
            foldSlice(slice.get(), delta, scaled);
        } else {
            fold(delta, scaled);
            weights.ifPresent(ofEach -> ofEach.add(scaled));
        }
        attachments.forEach(name -> fold(name, update.attachment(name).toDevice(device, /* copy= */ false), scaled));
        statistics.forEach((name, ofUpdate) -> numbers.merge(
                name,
                scaled * Check.finite("statistic " + name + " of " + update.client(), ofUpdate.applyAsDouble(update)),
                Double::sum));
        scale.add(scaled);
        count++;
    }

    @Override
    public boolean takesRows() {
        return weighting instanceof UpdateWeighting.Named && attachments.isEmpty() && statistics.isEmpty();
    }

    @Override
    public void addRows(List<ModelUpdate> updates, NDArray deltas, int... rows) {
        if (rows.length == 0) {
            return;
        }
        double[] weights = updates.stream()
                .mapToDouble(update -> Check.positive("weight of " + update.client(), weighting.weight(update)))
                .toArray();
        makeRoomFor(Math.getExponent(Arrays.stream(weights).sum()));
        for (int i = 0; i < weights.length; i++) {
            weights[i] = scale.scaled(weights[i]);
            scale.add(weights[i]);
        }
        count += rows.length;
        boolean isNew = sum.isEmpty();
        sum = sum.or(() -> Optional.of(state.model().like()));
        NDArray here = deltas.toDevice(sum.get().floats().getDevice(), /* copy= */ false);
        Kernels.addRows(sum.get().floats(), isNew, here, rows, weights);
    }

    @Override
    public void merge(Aggregation other) {
        WeightedMean part = (WeightedMean) other;
        add(part);
        part.sum.ifPresent(ParameterVector::close); // many blocks may come in a round
        part.attached.values().forEach(NDArray::close);
        part.weights.ifPresent(all -> all.ofEach().close());
    }

    private void add(WeightedMean part) {
        if (part.count == 0) {
            return;
        }
        makeRoomFor(part.scale.magnitude());
        double factor = Math.scalb(1.0, scale.exponent() - part.scale.exponent());
        if (part.weights.isPresent() || weights.isPresent()) {
            weightsOfEach().add(part.weightsOfEach(), factor);
        }
        part.sum.ifPresent(partSum -> fold(partSum, factor));
        part.attached.forEach((name, partSum) -> fold(name, partSum, factor));
        part.numbers.forEach((name, partSum) -> numbers.merge(name, partSum * factor, Double::sum));
        scale.add(part.scale.weight() * factor);
        count += part.count;
    }

    @Override
    public StrategyState sums() {
        StrategyState sums = StrategyState.empty()
                .with(EXPONENT, (double) scale.exponent())
                .with(WEIGHT, scale.weight())
                .with(COUNT, (double) count);
        if (sum.isPresent()) {
            sums = sums.with(FLOATS, sum.get().floats());
            if (sum.get().integers().isPresent()) {
                sums = sums.with(INTEGERS, sum.get().integers().get());
            }
        }
        if (weights.isPresent()) {
            sums = sums.with(WEIGHTS, weights.get().ofEach());
        }
        for (Map.Entry<String, NDArray> attachment : attached.entrySet()) {
            sums = sums.with(ATTACHED + attachment.getKey(), attachment.getValue());
        }
        for (Map.Entry<String, Double> number : numbers.entrySet()) {
            sums = sums.with(STATISTIC + number.getKey(), number.getValue());
        }
        return sums;
    }

    @Override
    public void merge(StrategyState other) {
        WeightedMean part = new WeightedMean(weighting, state, attachments, finish);
        part.scale = new SumScale((int) number(other, EXPONENT), number(other, WEIGHT));
        part.count = (int) number(other, COUNT);
        Device device = state.model().floats().getDevice();
        part.sum = other.tensor(FLOATS)
                .map(floats -> new ParameterVector(state.model().layout(), floats, other.tensor(INTEGERS)).on(device));
        part.weights =
                other.tensor(WEIGHTS).map(array -> new CoordinateWeights(array.toDevice(device, /* copy= */ false)));
        attachments.forEach(name -> other.tensor(ATTACHED + name)
                .ifPresent(array -> part.attached.put(name, array.toDevice(device, /* copy= */ false))));
        statistics.keySet().forEach(name -> part.numbers.put(name, number(other, STATISTIC + name)));
        add(part);
    }

    private static double number(StrategyState sums, String name) {
        return sums.number(name)
                .orElseThrow(() -> new IllegalArgumentException("sums of a mean must have " + name + ", but had "
                        + sums.numbers().keySet()));
    }

    private void makeRoomFor(int magnitude) {
        double smaller = scale.makeRoomFor(magnitude);
        if (smaller < 1) {
            sum.ifPresent(values -> values.floats().muli(smaller));
            weights.ifPresent(all -> all.ofEach().muli(smaller));
            attached.values().forEach(values -> values.muli(smaller));
            numbers.replaceAll((name, number) -> number * smaller);
        }
    }

    private void foldSlice(Slice slice, ParameterVector values, double scale) {
        CoordinateWeights ofEach = weightsOfEach();
        ParameterLayout whole = state.model().layout();
        if (sum.isEmpty()) {
            sum = Optional.of(
                    ParameterVector.zeros(whole, state.model().floats().getManager()));
        }
        ofEach.addSlice(sum.get().floats(), slice, whole, values, scale);
    }

    /** Returns the weight of each float; so far they were all the same. */
    private CoordinateWeights weightsOfEach() {
        if (weights.isEmpty()) {
            weights = Optional.of(CoordinateWeights.of(state.model(), scale.weight()));
        }
        return weights.get();
    }

    private void fold(ParameterVector values, double scale) {
        if (sum.isEmpty()) {
            ParameterVector first = values.copy();
            first.floats().muli(scale);
            sum = Optional.of(first);
        } else {
            sum.get().addScaledInPlace(values, scale);
        }
    }

    private void fold(String name, NDArray values, double scale) {
        NDArray total = attached.get(name);
        if (total == null) {
            attached.put(name, values.mul(scale));
        } else {
            Kernels.addScaled(total, values, scale);
        }
    }

    @Override
    public Aggregate combine() {
        if (sum.isEmpty()) {
            return Aggregate.of(Optional.empty(), state);
        }
        attached.values().forEach(total -> divide(total, scale.weight()));
        if (weights.isEmpty()) {
            divide(sum.get().floats(), scale.weight());
            return finish.apply(this);
        }
        weights.get().divide(sum.get().floats());
        keepFinite(sum.get().floats());
        return finish.apply(this).covering(weights.get().covered());
    }

    private static void divide(NDArray sum, double weight) {
        sum.divi(weight);
        keepFinite(sum);
    }

    /** Finite values have a finite mean; rounding alone can take it past the largest float. */
    private static void keepFinite(NDArray mean) {
        if (!Kernels.isFinite(mean)) {
            Kernels.clamp(mean, Float.MAX_VALUE);
        }
    }

    /** Returns the mean of the deltas, for the function at the end, which may change it in place. */
    public ParameterVector delta() {
        return sum.orElseThrow();
    }

    /** Returns the mean of an attachment, for the function at the end. */
    public NDArray attachment(String name) {
        return attached.get(name);
    }

    /**
     * Returns the mean of a number that {@link #also} took, for the function at the end.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public double statistic(String name) {
        Check.oneOf("statistic", numbers.keySet(), name);
        return numbers.get(name) / scale.weight();
    }

    /** Returns how many updates were folded. */
    public int count() {
        return count;
    }

    /** Returns the sum of their weights. */
    public double totalWeight() {
        return scale.totalWeight();
    }
}
