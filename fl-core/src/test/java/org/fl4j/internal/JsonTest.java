package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import org.fl4j.fixture.ForeignReaders;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static final double[] VALUES = {
        0, -0.0, .1, 1e-320, Double.MAX_VALUE, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    @Test
    void writesNumbersThatAStrictReaderAccepts() {
        JsonArray numbers = new JsonArray();
        for (double value : VALUES) {
            numbers.add(Json.number(value));
        }
        JsonArray read = ForeignReaders.strictJson(numbers.toString()).getAsJsonArray();
        for (int i = 0; i < VALUES.length; i++) {
            assertThat(Double.valueOf(read.get(i).getAsDouble())).isEqualTo(Double.valueOf(VALUES[i]));
        }
        assertThat(numbers.toString()).endsWith(",\"NaN\",\"Infinity\",\"-Infinity\"]");
    }

    @Test
    void aPythonReaderAcceptsThemToo() {
        String text = "[" + Json.number(Double.NaN) + ", " + Json.number(Double.MAX_VALUE) + "]";
        assertThat(ForeignReaders.python(
                        "import json, sys; print(json.loads(sys.argv[1], parse_constant=lambda c: 1 / 0))", text))
                .isEqualTo("['NaN', 1.7976931348623157e+308]\n");
    }

    /** The reader of the tests refuses what earlier files had, and FL4J still reads it. */
    @Test
    void bareNaNIsNotJsonButCanBeRead() {
        assertThatThrownBy(() -> ForeignReaders.strictJson("{\"value\":NaN}")).hasMessageContaining("MalformedJson");
        assertThatThrownBy(() -> ForeignReaders.strictJson("{} {}")).hasMessageContaining("MalformedJson");
        assertThat(JsonParser.parseString("{\"value\":-Infinity}")
                        .getAsJsonObject()
                        .get("value")
                        .getAsDouble())
                .isEqualTo(Double.NEGATIVE_INFINITY);
    }
}
