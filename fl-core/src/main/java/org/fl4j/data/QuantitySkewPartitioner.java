package org.fl4j.data;

import java.util.function.BiFunction;
import java.util.function.IntToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Deals shuffled rows in parts of unequal size: labels are even, quantities are not (the quantity skew of Li et al.
 * 2022, arXiv 2102.02079). Every client gets one row at least and every row has one holder.
 */
final class QuantitySkewPartitioner implements Partitioner {
    private final BiFunction<Integer, RandomGenerator, double[]> shares;

    private QuantitySkewPartitioner(BiFunction<Integer, RandomGenerator, double[]> shares) {
        this.shares = shares;
    }

    /** Sizes follow a log-normal distribution; {@code sigma}, at least 0, is the deviation of its logarithm. */
    public static QuantitySkewPartitioner logNormal(double sigma) {
        Check.notNegative("sigma", sigma);
        return new QuantitySkewPartitioner((clients, random) -> {
            double[] sizes = new double[clients];
            double sum = 0;
            for (int i = 0; i < clients; i++) {
                sizes[i] = Math.exp(sigma * random.nextGaussian());
                sum += sizes[i];
            }
            for (int i = 0; i < clients; i++) {
                sizes[i] /= sum;
            }
            return sizes;
        });
    }

    /** Sizes follow one draw of the symmetric Dirichlet distribution; {@code concentration} is positive. */
    public static QuantitySkewPartitioner dirichlet(double concentration) {
        Check.positive("concentration", concentration);
        return new QuantitySkewPartitioner((clients, random) -> Sampling.dirichlet(concentration, clients, random));
    }

    /** Sizes grow with the client's number: client i, counted from 1, gets a share in proportion to {@code i^power}. */
    static QuantitySkewPartitioner power(double power) {
        Check.notNegative("power", power);
        return growing(position -> power * Math.log(position + 1));
    }

    /** Sizes grow exponentially: each client gets {@code e^rate} times the share of the client before it. */
    static QuantitySkewPartitioner exponential(double rate) {
        Check.notNegative("rate", rate);
        return growing(position -> rate * position);
    }

    private static QuantitySkewPartitioner growing(IntToDoubleFunction logarithm) {
        return new QuantitySkewPartitioner((clients, random) -> {
            double largest = logarithm.applyAsDouble(clients - 1); // so that nothing overflows
            double[] sizes = IntStream.range(0, clients)
                    .mapToDouble(i -> Math.exp(logarithm.applyAsDouble(i) - largest))
                    .toArray();
            double sum = DoubleStream.of(sizes).sum();
            return DoubleStream.of(sizes).map(size -> size / sum).toArray();
        });
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.inRange("clients", 1, labels.length, clients);
        RandomGenerator random = seed.generator();
        int[] sizes = Sampling.apportion(shares.apply(clients, random), labels.length - clients);
        for (int i = 0; i < clients; i++) {
            sizes[i]++;
        }
        return IidPartitioner.deal(Sampling.permutation(labels.length, random), sizes);
    }
}
