package org.fl4j.data;

import java.nio.file.Path;
import java.util.List;

/**
 * The ways to share a data set out among clients. Each has a name for configuration files and the command line, such as
 * {@code dirichlet:0.5}; docs/algorithms.md has a table of them.
 */
public final class Partitioners {
    private Partitioners() {}

    /**
     * Deals shuffled rows in equal parts: sizes differ by one at most, every row has one holder (McMahan et al. 2017,
     * arXiv 1602.05629, section 3).
     */
    public static Partitioner iid() {
        return new IidPartitioner();
    }

    /**
     * Sorts rows by label, cuts them into equal shards and deals each client some: with 2 shards most clients see two
     * classes only (the pathological split of McMahan et al. 2017, arXiv 1602.05629, section 3).
     *
     * @param shardsPerClient at least 1
     */
    public static Partitioner shards(int shardsPerClient) {
        return new ShardPartitioner(shardsPerClient);
    }

    /**
     * Shares the rows of each class out by a draw of the symmetric Dirichlet distribution, and draws again until every
     * client has a row (Li et al. 2022, arXiv 2102.02079; after Yurochkin et al. 2019, arXiv 1905.12022).
     *
     * @param concentration positive; small is skewed (0.1: few classes a client), large is even (100)
     */
    public static Partitioner dirichlet(double concentration) {
        return new DirichletPartitioner(concentration);
    }

    /**
     * Shares the rows of each class out by a draw of the symmetric Dirichlet distribution, as
     * {@link #dirichlet(double)} does, until every client has a minimum; after 200 draws it is an error.
     *
     * @param concentration positive
     * @param minimumExamples what every client must hold, at least 0
     */
    public static Partitioner dirichlet(double concentration, int minimumExamples) {
        return new DirichletPartitioner(concentration, minimumExamples);
    }

    /**
     * Draws for each client its own mix of classes from the symmetric Dirichlet distribution, and then its rows by that
     * mix, without replacement (Hsu et al. 2019, arXiv 1909.06335, section 3). Clients are of equal size, up to one
     * row.
     *
     * @param concentration positive; small is skewed, large is even
     */
    public static Partitioner clientDirichlet(double concentration) {
        return new ClientDirichletPartitioner(concentration);
    }

    /**
     * Gives each client the same number of classes: client i owns class i mod C and further random ones, and the rows
     * of a class are shared evenly among its owners (Li et al. 2022). Rows of a class that nobody owns stay unused.
     *
     * @param classes at least 1, at most the number of classes
     */
    public static Partitioner classesPerClient(int classes) {
        return new ClassesPerClientPartitioner(classes);
    }

    /**
     * Constrains groups of clients to pools of classes: client i belongs to group i mod the number of groups, and owns
     * some classes of its group's pool. Rows of a class that nobody owns stay unused.
     *
     * @param pools the classes of each group
     * @param classesPerClient at least 1, at most the size of the smallest pool
     */
    public static Partitioner classPools(List<List<Integer>> pools, int classesPerClient) {
        return new ClassPoolsPartitioner(pools, classesPerClient);
    }

    /**
     * Cuts shuffled rows into one slice a client and draws from each slice, with replacement, a fraction of its size in
     * the class ratios asked for (the target balance ratios and subset fractions of the fedland experiments). A ratio
     * above 0 for a class that a slice lacks is an error.
     *
     * @param ratios one list a client of one ratio a class, each at least 0; without any list, clients keep the ratios
     *     of their slices, and hold each row once
     * @param subsetFractions one number a client in (0, 1]: the size of its data relative to its slice
     */
    public static Partitioner classRatios(List<List<Double>> ratios, List<Double> subsetFractions) {
        return new ClassRatioPartitioner(ratios, subsetFractions);
    }

    /**
     * Sizes follow a log-normal distribution; every client holds one row at least (Li et al. 2022).
     *
     * @param sigma the deviation of the size's logarithm, at least 0
     */
    public static Partitioner logNormalSizes(double sigma) {
        return QuantitySkewPartitioner.logNormal(sigma);
    }

    /**
     * Sizes follow one draw of the symmetric Dirichlet distribution; every client holds one row at least (Li et al.
     * 2022).
     *
     * @param concentration positive
     */
    public static Partitioner dirichletSizes(double concentration) {
        return QuantitySkewPartitioner.dirichlet(concentration);
    }

    /** Sizes grow linearly: client i, counted from 1, holds a share in proportion to i. */
    public static Partitioner linearSizes() {
        return QuantitySkewPartitioner.power(1);
    }

    /** Sizes grow with the square: client i, counted from 1, holds a share in proportion to i squared. */
    public static Partitioner squareSizes() {
        return QuantitySkewPartitioner.power(2);
    }

    /**
     * Sizes grow exponentially: each client holds {@code e^rate} times as much as the client before it, and at least
     * one row.
     *
     * @param rate at least 0
     */
    public static Partitioner exponentialSizes(double rate) {
        return QuantitySkewPartitioner.exponential(rate);
    }

    /**
     * Gives each row to its owner: a writer, a device, a hospital. Clients are numbered in the order in which their
     * names first occur, and keep them in the directory; the seed has no effect.
     *
     * @param owners the owner's name of each row
     */
    public static Partitioner owners(List<String> owners) {
        return new NaturalIdPartitioner(owners);
    }

    /** Gives each row to its owner, in a data set that says who {@linkplain Dataset#owners owns} what. */
    public static Partitioner owners() {
        return new OwnersPartitioner();
    }

    /**
     * Deals rows evenly, and adds Gaussian noise to the features of each client: client i of n, counted from 1, sees a
     * standard deviation of {@code deviation * i / n} (Li et al. 2022, arXiv 2102.02079, section 4.2).
     *
     * @param deviation of the last client's noise, at least 0
     */
    public static Partitioner featureNoise(double deviation) {
        return new FeatureNoisePartitioner(deviation);
    }

    /** Gives each of four clients two opposite octants of {@link Fcube}. */
    public static Partitioner octants() {
        return new Fcube.OctantPartitioner();
    }

    /**
     * Shares rows out in two levels: first among groups of consecutive clients, then within each group.
     *
     * @param groups at least 1
     * @param between how groups differ; it must leave examples as they are
     * @param within how the clients of a group differ; it must leave examples as they are
     */
    public static Partitioner hierarchical(int groups, Partitioner between, Partitioner within) {
        return new HierarchicalPartitioner(groups, between, within);
    }

    /** Reads a partition that {@link Partition#write} wrote. */
    public static Partitioner file(Path file) {
        return new FilePartitioner(file);
    }
}
