package org.fl4j.aggregators.decentralised;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.Kernels;

/** What nodes average: with x a node's model, d its delta and W the weights. */
public enum NodeStep {
    /** {@code x = W (x + d)}: nodes send what they trained, as FedAvg's clients do. Also called DFedAvg. */
    ADAPT_THEN_COMBINE {
        @Override
        NDArray sent(NDArray model, NDArray trained, StrategyState kept) {
            return trained.duplicate();
        }
    },
    /** D-PSGD (Lian et al. 2017, arXiv 1705.09056, algorithm 1), {@code x = W x + d}. */
    D_PSGD {
        @Override
        NDArray sent(NDArray model, NDArray trained, StrategyState kept) {
            return model.duplicate();
        }

        @Override
        Map<String, NDArray> aside(NDArray model, NDArray trained) {
            return Map.of(OWN, trained.sub(model));
        }
    },
    /**
     * D2 (Tang et al. 2018, arXiv 1803.07068, algorithm 1), {@code x = W (2 x - x' + d - d')}, with x' and d' of the
     * node's round before, at first {@code x = W (x + d)}: unlike data do not bias where it comes to rest. The smallest
     * eigenvalue of the weights must be above -1/3, so it uses {@code (W + I) / 2}.
     */
    D2 {
        @Override
        NDArray sent(NDArray model, NDArray trained, StrategyState kept) {
            NDArray sent = trained.duplicate();
            Optional<NDArray> before = kept.tensor(BEFORE);
            if (before.isPresent()) {
                sent.addi(model);
                Kernels.addScaled(sent, before.get(), -1); // x' + d', what was trained in the round before
            }
            return sent;
        }

        @Override
        Map<String, NDArray> aside(NDArray model, NDArray trained) {
            return Map.of(BEFORE, trained);
        }

        @Override
        double laziness() {
            return LAZY;
        }
    };

    /** The name of what a node adds to the average. */
    static final String OWN = "decentralised/own";

    /** The name of what a node keeps for its next round. */
    static final String BEFORE = "decentralised/before";

    private static final double LAZY = .5;

    /** Returns what is averaged with the neighbours'. */
    abstract NDArray sent(NDArray model, NDArray trained, StrategyState kept);

    /** Returns what a node puts aside until the average is made. */
    Map<String, NDArray> aside(NDArray model, NDArray trained) {
        return Map.of();
    }

    /** Returns by how much the weights of neighbours are less than those of the graph, in [0, 1). */
    double laziness() {
        return 0;
    }
}
