package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.testing.ClientSelectorContract;
import org.fl4j.testing.Receipts;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every selector of this module promises, learning or not. */
class EverySelectorTest {
    private static final StrategyRegistry REGISTRY = StrategyRegistry.load();

    @Nested
    class Weighted extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new WeightedSelector();
        }
    }

    @Nested
    class RoundRobin extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new RoundRobinSelector();
        }
    }

    @Nested
    class Power extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new PowerOfChoice(2);
        }
    }

    @Nested
    class Active extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new ActiveSelector();
        }
    }

    @Nested
    class Ucb extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new UcbSelector();
        }
    }

    @Nested
    class Optimal extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new OptimalSelector();
        }
    }

    @Nested
    class OortOfPaper extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new OortSelector(OortSettings.paper());
        }
    }

    @Nested
    class OortOfFedScale extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new OortSelector(OortSettings.fedScale());
        }
    }

    @Nested
    class Filtered extends ClientSelectorContract {
        @Override
        protected ClientSelector selector() {
            return new FilteredSelector(new OortSelector(OortSettings.paper()), (client, round) -> true);
        }
    }

    static List<ClientSelector> selectors() {
        List<ClientSelector> all = new ArrayList<>();
        REGISTRY.names(ClientSelector.class).stream()
                .map(name -> REGISTRY.create(ClientSelector.class, name, Map.of()))
                .filter(selector -> !selector.choosesCount())
                .forEach(all::add);
        all.add(REGISTRY.parse(ClientSelector.class, "oort:preset=fedscale"));
        all.add(REGISTRY.parse(ClientSelector.class, "oort:mostTurns=3,losses=last_batch"));
        all.add(new FilteredSelector(new PowerOfChoice(3), (client, round) -> client.index() % 50 != 7));
        return all;
    }

    /**
     * 130 rounds of 100 clients, of whom 80 % are there, 13 needed, some of them failing or missed: the run of
     * FedScale's Oort returns the wrong number of clients in 120 of 128 rounds. Here every round has 13, distinct, in
     * order, who are there.
     */
    @ParameterizedTest
    @MethodSource("selectors")
    void everyCohortIsRightWhateverWasLearned(ClientSelector selector) {
        assertThat(cohorts(selector)).isEqualTo(cohorts(selector));
    }

    private static List<List<ClientId>> cohorts(ClientSelector selector) {
        RandomGenerator random = new Seed(5).generator();
        List<List<ClientId>> cohorts = new ArrayList<>();
        StrategyState state = StrategyState.empty();
        for (int number = 1; number <= 130; number++) {
            RoundContext round = new RoundContext(number, new Seed(3), 100);
            int of = number;
            ClientDirectory available = ClientDirectory.ofRange(100, i -> 1 + i % 13)
                    .where(i -> new Seed(of).derive(i).generator().nextDouble() < .8);
            List<ClientId> feasible =
                    IntStream.range(0, available.size()).mapToObj(available::id).toList();
            List<ClientId> cohort = selector.select(available, 13, round, state);
            assertThat(cohort)
                    .as("round " + number)
                    .hasSize(13)
                    .doesNotHaveDuplicates()
                    .isSorted();
            assertThat(feasible).containsAll(cohort);
            cohorts.add(cohort);
            List<Receipt> receipts = new ArrayList<>();
            for (ClientId client : cohort) {
                double fate = random.nextDouble();
                if (fate < .8) {
                    double loss = random.nextDouble() < .1 ? 0 : 2 * random.nextDouble();
                    receipts.add(Receipts.accepted(
                            client.index(),
                            new Facts(Map.of(
                                    TrainingFacts.EXAMPLES_SEEN,
                                    10L,
                                    TrainingFacts.LOSS,
                                    loss,
                                    TrainingFacts.SQUARED_LOSS,
                                    loss * loss,
                                    TrainingFacts.LAST_SQUARED_LOSS,
                                    loss * loss,
                                    ClientTimes.SECONDS,
                                    1 + random.nextDouble() * client.index()))));
                } else if (fate < .9) {
                    receipts.add(fate < .85 ? Receipts.late(client.index(), 500) : Receipts.droppedOut(client.index()));
                }
            }
            state = Receipts.learn(selector, state, round, receipts);
        }
        return cohorts;
    }

    @Test
    void namesAreKnown() {
        assertThat(REGISTRY.names(ClientSelector.class))
                .containsExactlyInAnyOrder(
                        "uniform",
                        "weighted",
                        "round-robin",
                        "power-of-choice",
                        "active",
                        "ucb",
                        "optimal",
                        "oort",
                        "oort-testing");
    }
}
