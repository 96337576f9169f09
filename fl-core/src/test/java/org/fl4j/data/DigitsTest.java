package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class DigitsTest {
    @Test
    void hasTheShapeOfMnistAndBalancedClasses() {
        try (Dataset digits = Digits.generate(100, 20, new Seed(1))) {
            assertThat(digits.train().features().getShape()).isEqualTo(new Shape(100, 1, 28, 28));
            assertThat(digits.train().features().min().getFloat()).isBetween(0f, 1f);
            assertThat(digits.train().features().max().getFloat()).isBetween(.5f, 1f);
            assertThat(RowsByClass.countsOf(digits.train().classIndices(), 10)).containsOnly(10);
            assertThat(digits.test().count()).isEqualTo(20);
        }
    }

    @Test
    void followsFromTheSeed() {
        try (Dataset first = Digits.generate(20, 20, new Seed(1));
                Dataset same = Digits.generate(20, 20, new Seed(1));
                Dataset other = Digits.generate(20, 20, new Seed(2))) {
            float[] pixels = first.train().features().toFloatArray();
            assertThat(same.train().features().toFloatArray()).containsExactly(pixels);
            assertThat(other.train().features().toFloatArray()).isNotEqualTo(pixels);
            assertThat(first.test().features().toFloatArray())
                    .as("test differs from train")
                    .isNotEqualTo(pixels);
        }
    }

    @Test
    void hasTheShapeOfCifarInColour() {
        try (Dataset digits = Digits.generateColored(20, 10, new Seed(1));
                Dataset same = Digits.generateColored(20, 10, new Seed(1))) {
            assertThat(digits.train().features().getShape()).isEqualTo(new Shape(20, 3, 32, 32));
            assertThat(digits.train().features().max().getFloat()).isBetween(.5f, 1f);
            assertThat(same.test().features().toFloatArray())
                    .containsExactly(digits.test().features().toFloatArray());
        }
    }

    @Test
    void refusesLabelsThatAreNoClasses() {
        try (Dataset digits = Digits.generate(10, 10, new Seed(1))) {
            assertThatThrownBy(() -> new Dataset(digits.train(), digits.test(), 9))
                    .hasMessage("label must be in [0, 8], but was 9");
        }
    }

    @Test
    void refusesTooFewExamples() {
        assertThatThrownBy(() -> Digits.generate(5, 20, new Seed(1)))
                .hasMessage("trainCount must be at least 10, but was 5");
    }
}
