package org.fl4j.aggregators.mira;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.fl4j.tensor.TensorEngine;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.eigen.Eigen;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A weighted, undirected graph of clients: who is like whom. Symmetric, without loops, weights at least 0. Held as a
 * full matrix, so it is for thousands of clients, not millions.
 */
public final class ClientGraph implements GraphOfClients {
    private final double[][] weights;
    private double largestEigenvalue = Double.NaN;

    private ClientGraph(double[][] weights) {
        this.weights = weights;
    }

    /**
     * Makes a graph of a matrix.
     *
     * @param weights square, symmetric, not negative, with a diagonal of 0
     */
    public static ClientGraph of(double[][] weights) {
        double[][] copy = new double[weights.length][];
        for (int i = 0; i < copy.length; i++) {
            Check.that(
                    weights[i].length == weights.length,
                    "length of row " + i,
                    "as rows, " + weights.length,
                    weights[i].length);
            copy[i] = weights[i].clone();
            for (int j = 0; j <= i; j++) {
                double weight = Check.notNegative("weight of clients " + i + " and " + j, weights[i][j]);
                Check.that(
                        weight == weights[j][i],
                        "weight of clients " + j + " and " + i,
                        "symmetric, " + weight,
                        weights[j][i]);
            }
            Check.that(weights[i][i] == 0, "weight of client " + i + " and itself", "0", weights[i][i]);
        }
        return new ClientGraph(copy);
    }

    /**
     * Returns the random graph of the MIRA paper's code: {@code A = (B + B^T) / 2} with B uniform in [0, 1), weights
     * below the threshold 0. Every pair of numbers comes from the seed.
     *
     * @param threshold in [0, 1)
     */
    public static ClientGraph random(int clients, double threshold, Seed seed) {
        Check.positive("clients", clients);
        Check.fraction("threshold", threshold);
        RandomGenerator random = seed.generator();
        double[][] weights = new double[clients][clients];
        for (int i = 0; i < clients; i++) {
            for (int j = 0; j < i; j++) {
                double weight = (random.nextDouble() + random.nextDouble()) / 2;
                weights[i][j] = weight < threshold ? 0 : weight;
                weights[j][i] = weights[i][j];
            }
        }
        return new ClientGraph(weights);
    }

    /**
     * Returns the graph of cosine similarities between clients' vectors, such as their label distributions or their
     * first updates; similarities below the threshold are 0.
     *
     * @param vectors one row a client, of one length, none of them zero
     * @param threshold in [0, 1)
     */
    public static ClientGraph ofSimilarity(double[][] vectors, double threshold) {
        Check.fraction("threshold", threshold);
        double[][] weights = new double[vectors.length][vectors.length];
        for (int i = 0; i < vectors.length; i++) {
            Check.that(
                    dot(vectors[i], vectors[i]) > 0, "vector of client " + i, "not zero", Arrays.toString(vectors[i]));
            for (int j = 0; j < i; j++) {
                double cosine = dot(vectors[i], vectors[j])
                        / Math.sqrt(dot(vectors[i], vectors[i]) * dot(vectors[j], vectors[j]));
                weights[i][j] = cosine < threshold ? 0 : Math.min(1, cosine);
                weights[j][i] = weights[i][j];
            }
        }
        return new ClientGraph(weights);
    }

    private static double dot(double[] a, double... b) {
        Check.that(a.length == b.length, "length of a client's vector", "that of all, " + a.length, b.length);
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** Returns this graph, which has one number of clients only. */
    @Override
    public ClientGraph of(int clients) {
        Check.that(clients == size(), "clients of MIRA's graph", "the run's, " + clients, size());
        return this;
    }

    /** Returns the number of clients. */
    public int size() {
        return weights.length;
    }

    /** Returns the weight between two clients. */
    public double weight(ClientId a, ClientId b) {
        Check.inRange("client index", 0, size() - 1, a.index());
        Check.inRange("client index", 0, size() - 1, b.index());
        return weights[a.index()][b.index()];
    }

    /** Returns the graph Laplacian: the degrees on the diagonal, minus the weights. Float64, shape (size, size). */
    public INDArray laplacian() {
        INDArray adjacency = Nd4j.create(weights);
        return Nd4j.diag(adjacency.sum(1)).subi(adjacency);
    }

    /**
     * Returns the largest eigenvalue of the Laplacian.
     *
     * @throws IllegalStateException if ND4J is not on the class path
     */
    public synchronized double largestEigenvalue() {
        if (Double.isNaN(largestEigenvalue)) {
            try {
                largestEigenvalue = Eigen.symmetricGeneralizedEigenvalues(laplacian())
                        .maxNumber()
                        .doubleValue();
            } catch (NoClassDefFoundError e) {
                throw new IllegalStateException(
                        "MIRA needs ND4J for its graph's spectrum: add org.nd4j:nd4j-native and its jar for this"
                                + " platform (such as the classifier linux-x86_64) to the class path; missing was "
                                + e.getMessage(),
                        e);
            }
            TensorEngine.prepareThread(); // ND4J sets the number of native threads, which would change rounding
        }
        return largestEigenvalue;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClientGraph graph && Arrays.deepEquals(weights, graph.weights);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(weights);
    }
}
