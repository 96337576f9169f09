package org.fl4j.server;

/**
 * The power of two by which the sums of a mean are scaled, and the sum of the scaled weights. It keeps that sum below
 * 1, so that no sum of finite values overflows. A power of two changes no bit of the mean.
 */
final class SumScale {
    /** Sums are scaled again only after so many doublings of their weight, because that takes a pass over them. */
    private static final int HEADROOM = 10;

    private int exponent;
    private double weight; // scaled

    /** Weighs nothing yet. */
    SumScale() {}

    SumScale(int exponent, double weight) {
        this.exponent = exponent;
        this.weight = weight;
    }

    int exponent() {
        return exponent;
    }

    /** Returns the sum of the scaled weights. */
    double weight() {
        return weight;
    }

    /** Returns the binary exponent of the sum of the weights. */
    int magnitude() {
        return Math.getExponent(weight) - exponent;
    }

    /** Returns the sum of the weights. */
    double totalWeight() {
        return Math.scalb(weight, -exponent);
    }

    double scaled(double unscaled) {
        return Math.scalb(unscaled, exponent);
    }

    void add(double scaledWeight) {
        weight += scaledWeight;
    }

    /**
     * Makes room for a weight.
     *
     * @param magnitude the binary exponent of the weight that comes
     * @return what sums so far must be multiplied by: at most 1, and 1 if they stay as they are
     */
    double makeRoomFor(int magnitude) {
        boolean isEmpty = weight == 0;
        int needed = -2 - (isEmpty ? magnitude : Math.max(magnitude, magnitude()));
        if (isEmpty) {
            exponent = needed - HEADROOM;
            return 1;
        }
        if (needed >= exponent) {
            return 1;
        }
        double smaller = Math.scalb(1.0, needed - HEADROOM - exponent);
        weight *= smaller;
        exponent = needed - HEADROOM;
        return smaller;
    }
}
