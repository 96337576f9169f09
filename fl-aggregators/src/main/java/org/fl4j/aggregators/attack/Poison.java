package org.fl4j.aggregators.attack;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.simulation.Adversary;

/** How examples are falsified. */
@FunctionalInterface
public interface Poison extends Adversary {
    /** Returns the falsified examples, all in new arrays. */
    Examples poisoned(Examples clean);

    /** Returns a {@link PoisonedDataset}. */
    @Override
    default FederatedDataset poisoned(FederatedDataset clean, int attackers) {
        return new PoisonedDataset(clean, this, attackers);
    }

    /** Turns label y into {@code classes - 1 - y}: label flipping. */
    static Poison labelFlip(int classes) {
        Check.positive("classes", classes);
        return clean ->
                new Examples(clean.features().duplicate(), clean.labels().neg().addi(classes - 1));
    }

    /**
     * Puts a trigger, a white square, into the lower right corner of images and gives them the attacker's label: the
     * backdoor of Bagdasaryan et al. 2018 (arXiv 1807.00459) with the pixels of Gu et al. 2017 (arXiv 1708.06733).
     *
     * @param size of the square, in pixels
     * @param white the value of a white pixel
     * @param label what the attacker wants
     */
    static Poison trigger(int size, float white, int label) {
        Check.positive("size", size);
        return clean -> {
            NDArray images = clean.features().duplicate();
            images.set(new NDIndex("..., {}:, {}:", -size, -size), white);
            return new Examples(images, clean.labels().zerosLike().addi(label));
        };
    }

    /** Poisons one of so many examples, evenly spread, and leaves the others as they are. */
    default Poison oneOf(int every) {
        Check.positive("every", every);
        Poison whole = this;
        return clean -> {
            Examples all = whole.poisoned(clean);
            NDIndex some = new NDIndex("::{}", every);
            NDArray features = clean.features().duplicate();
            features.set(some, all.features().get(some));
            NDArray labels = clean.labels().duplicate();
            labels.set(some, all.labels().get(some));
            all.close();
            return new Examples(features, labels);
        };
    }
}
