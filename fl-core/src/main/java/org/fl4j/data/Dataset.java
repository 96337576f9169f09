package org.fl4j.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.List;
import org.fl4j.internal.Check;

/**
 * A data set for classification with its training and test examples, on the CPU. Close it when the runs that use it are
 * over.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param train what clients share out among themselves
 * @param test what the server evaluates on
 * @param classCount the number of classes; every label is below it
 * @param owners who each training example comes from (a writer, a device, a hospital), if that is known; otherwise
 *     empty
 */
public record Dataset(Examples train, Examples test, int classCount, List<String> owners) implements AutoCloseable {
    /** Checks the labels against the class count, and copies the owners. */
    public Dataset {
        Check.atLeast("classCount", 2, classCount);
        owners = List.copyOf(owners);
        Check.that(
                owners.isEmpty() || owners.size() == train.count(),
                "owners",
                "as many as the " + train.count() + " training examples, or none",
                owners.size());
        for (Examples split : List.of(train, test)) {
            for (int label : split.classIndices()) {
                Check.inRange("label", 0, classCount - 1, label);
            }
        }
    }

    /** Makes a data set whose examples come from nobody in particular. */
    public Dataset(Examples train, Examples test, int classCount) {
        this(train, test, classCount, List.of());
    }

    /** Returns the same data set, which says who each training example comes from. */
    public Dataset ownedBy(List<String> names) {
        return new Dataset(train, test, classCount, names);
    }

    /** Shares the training examples out: the federated view of this data set. */
    public FederatedDataset federated(Partition partition) {
        return new PartitionedDataset(train, partition);
    }

    /**
     * Shifts and scales both splits in place, channel by channel, by mean and standard deviation of the training split,
     * and returns this data set. A channel that has one value in all of the training split carries no information, and
     * becomes 0 in both splits.
     *
     * @throws IllegalArgumentException if the features are not of shape (n, channels, height, width)
     */
    public Dataset standardised() {
        Check.that(
                train.features().getShape().dimension() == 4,
                "features",
                "of shape (n, channels, height, width)",
                train.features().getShape());
        long channels = train.features().getShape().get(1);
        for (long channel = 0; channel < channels; channel++) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                NDArray values = train.features().get(":, {}", channel); // a view: changes reach the features
                NDArray mean = values.mean();
                NDArray deviation = values.subi(mean).square().mean().sqrt();
                if (values.max().eq(values.min()).getBoolean()) { // rounding of the mean can leave a deviation above 0
                    values.muli(0);
                    test.features().get(":, {}", channel).muli(0);
                    continue;
                }
                values.divi(deviation);
                test.features().get(":, {}", channel).subi(mean).divi(deviation);
            }
        }
        return this;
    }

    /** Frees the tensors. */
    @Override
    public void close() {
        train.close();
        test.close();
    }
}
