package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.fl4j.core.Codec;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** What every {@link Codec} promises. */
public abstract class CodecContract extends TensorTest {
    private static final Seed SEED = new Seed(5);

    /** Returns the codec under test. */
    protected abstract Codec codec();

    private static ParameterLayout sized(int size) {
        return new ParameterLayout.Builder()
                .add("weight", new Shape(size), ParameterRole.TRAINABLE)
                .build();
    }

    private ParameterVector drawn(int size) {
        RandomGenerator random = new Seed(size).generator();
        return vector(sized(size), random.doubles(size, -1, 1).toArray());
    }

    private ParameterVector sent(ParameterVector delta) {
        Codec.Encoded encoded = codec().encode(delta, StrategyState.empty(), SEED);
        return codec().decode(encoded.arrays(), delta.layout(), StrategyState.empty())
                .delta();
    }

    private static long bytes(Map<String, NDArray> arrays) {
        return arrays.values().stream()
                .mapToLong(array -> array.size() * array.getDataType().getNumOfBytes())
                .sum();
    }

    @Test
    void leavesTheDeltaItWasGivenAsItWas() {
        ParameterVector delta = drawn(50);
        sent(delta);
        assertThat(values(delta)).containsExactly(values(drawn(50)));
    }

    @Test
    void keepsTheLayout() {
        for (int size : new int[] {1, 2, 7, 64, 1000}) {
            ParameterVector delta = drawn(size);
            ParameterVector received = sent(delta);
            assertThat(received.layout()).isEqualTo(delta.layout());
            assertThat(received.isFinite()).isTrue();
        }
    }

    @Test
    void deliversBuffersAsTheyAre() {
        ParameterVector received = sent(vector(layoutWithBuffers(), 30, -40, 50, 7.25, 8));
        assertThat(received.layout()).isEqualTo(layoutWithBuffers());
        assertThat(received.floatBuffers().orElseThrow().toFloatArray()).containsExactly(7.25f, 8);
    }

    @Test
    void keepsZerosAndTheSizeOfConstants() {
        assertThat(values(sent(vector(sized(6), new double[6])))).containsOnly(0);
        float[] constant = values(sent(vector(sized(4), .5, .5, .5, .5)));
        for (float value : constant) {
            assertThat(Math.abs(value)).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void givesTheSameBitsForTheSameDeltaStateAndSeed() {
        Codec.Encoded first = codec().encode(drawn(50), StrategyState.empty(), SEED);
        Codec.Encoded again = codec().encode(drawn(50), StrategyState.empty(), SEED);
        assertThat(Tensors.sha256(List.copyOf(again.arrays().values())))
                .isEqualTo(Tensors.sha256(List.copyOf(first.arrays().values())));
        Codec.Encoded next = codec().encode(drawn(50), first.sender(), SEED);
        Codec.Encoded nextAgain = codec().encode(drawn(50), again.sender(), SEED);
        assertThat(Tensors.sha256(List.copyOf(nextAgain.arrays().values())))
                .isEqualTo(Tensors.sha256(List.copyOf(next.arrays().values())));
    }

    /** A round in which one client sends what is not a number must show it: the server rejects that update. */
    @Test
    void doesNotHideWhatIsNotFinite() {
        for (double broken : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            ParameterVector delta = vector(sized(3), 1, broken, 2);
            boolean shows;
            try {
                shows = !sent(delta).isFinite();
            } catch (IllegalArgumentException e) {
                shows = true;
            }
            assertThat(shows).as("shows " + broken).isTrue();
        }
    }

    @Test
    void plansWhatIsSentOrMore() {
        ParameterVector delta = drawn(1000);
        long sent = bytes(codec().encode(delta, StrategyState.empty(), SEED).arrays());
        assertThat(codec().plannedBytes(delta.layout())).isGreaterThanOrEqualTo(sent);
    }

    @Test
    void refusesWhatItCannotDecode() {
        ParameterLayout layout = sized(50);
        Map<String, NDArray> encoded =
                codec().encode(drawn(50), StrategyState.empty(), SEED).arrays();
        for (String name : encoded.keySet()) {
            Map<String, NDArray> without = new TreeMap<>(encoded);
            without.remove(name);
            without.put("other", Tensors.create(manager, new float[] {1}, new Shape(1)));
            assertThatThrownBy(() -> codec().decode(without, layout, StrategyState.empty()))
                    .isInstanceOf(IllegalArgumentException.class);
            Map<String, NDArray> another = new TreeMap<>(encoded);
            another.put(name, Tensors.create(manager, new float[51], new Shape(3, 17)));
            assertThatThrownBy(() -> codec().decode(another, layout, StrategyState.empty()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
