package org.fl4j.compression;

/** Some values of a vector. */
final class Sparse {
    private Sparse() {}

    static float[] gather(float[] vector, int... positions) {
        float[] values = new float[positions.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = vector[positions[i]];
        }
        return values;
    }

    static float[] scatter(int size, int[] positions, float... values) {
        float[] vector = new float[size];
        for (int i = 0; i < positions.length; i++) {
            vector[positions[i]] = values[i];
        }
        return vector;
    }
}
