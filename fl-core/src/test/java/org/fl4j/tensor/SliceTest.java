package org.fl4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class SliceTest extends TensorTest {
    private static final ParameterLayout WHOLE = new ParameterLayout.Builder()
            .add("w", new Shape(3, 4), ParameterRole.TRAINABLE)
            .add("b", new Shape(3), ParameterRole.TRAINABLE)
            .add("scale", new Shape(), ParameterRole.FLOAT_BUFFER)
            .build();

    private static final Slice.Axis ENDS = new Slice.Axis(List.of(new Slice.Range(0, 1), new Slice.Range(2, 2)));

    private static final Slice SOME =
            new Slice(Map.of("w", List.of(Slice.Axis.first(2), ENDS), "b", List.of(Slice.Axis.first(2))));

    /** Rows 0 and 1, columns 0, 2 and 3 of twelve numbers; the first two of three; and the scalar. */
    @Test
    void cutsRangesOfEachAxis() {
        ParameterVector whole =
                vector(WHOLE, IntStream.range(0, 16).mapToDouble(i -> i).toArray());
        ParameterVector part = SOME.cut(whole);
        assertThat(values(part)).containsExactly(0, 2, 3, 4, 6, 7, 12, 13, 15);
        assertThat(part.layout())
                .isEqualTo(new ParameterLayout.Builder()
                        .add("w", new Shape(2, 3), ParameterRole.TRAINABLE)
                        .add("b", new Shape(2), ParameterRole.TRAINABLE)
                        .add("scale", new Shape(), ParameterRole.FLOAT_BUFFER)
                        .build());
        assertThat(SOME.isWhole(WHOLE)).isFalse();
    }

    @Test
    void mayBeAllOfTheModel() {
        Slice named = new Slice(Map.of("w", List.of(Slice.Axis.first(3), Slice.Axis.whole()), "scale", List.of()));
        for (Slice all : List.of(new Slice(Map.of()), named)) {
            assertThat(all.isWhole(WHOLE)).isTrue();
            assertThat(all.of(WHOLE)).isEqualTo(WHOLE);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> new Slice(Map.of("v", List.of())).of(WHOLE))
                .hasMessage("parameter of a slice must be one of the model's, but was v");
        assertThatThrownBy(() -> new Slice(Map.of("w", List.of(Slice.Axis.whole()))).of(WHOLE))
                .hasMessage("axes of a slice of w must be as many as it has, 2, but was 1");
        assertThatThrownBy(() -> new Slice(Map.of("b", List.of(Slice.Axis.first(4)))).of(WHOLE))
                .hasMessageStartingWith("axis 0 of a slice of b must be within the parameter's 3 elements, but was [");
        assertThatThrownBy(() -> new Slice.Axis(List.of(new Slice.Range(2, 1), new Slice.Range(0, 1))))
                .hasMessageStartingWith("ranges of an axis must be in ascending order, with gaps between them");
        assertThatThrownBy(() -> new Slice.Range(0, 0)).hasMessage("count of a range must be at least 1, but was 0");
        ParameterLayout counting = new ParameterLayout.Builder()
                .add("count", new Shape(), ParameterRole.INTEGER_BUFFER)
                .build();
        assertThatThrownBy(() -> new Slice(Map.of()).of(counting))
                .hasMessage("model of slices must be without integer buffers, but was 1");
    }

    @Test
    void travelsAsTexts() {
        assertThat(SOME.texts()).isEqualTo(Map.of("w", "0+2;0+1 2+2", "b", "0+2"));
        assertThat(Slice.parse(SOME.texts())).isEqualTo(SOME);
        Slice scalar = new Slice(Map.of("scale", List.of(), "b", List.of(Slice.Axis.whole())));
        assertThat(Slice.parse(scalar.texts())).isEqualTo(scalar);
        assertThatThrownBy(() -> Slice.parse(Map.of("w", "0-2")))
                .hasMessage("range of a slice must be such as 0+4, but was 0-2");
    }
}
