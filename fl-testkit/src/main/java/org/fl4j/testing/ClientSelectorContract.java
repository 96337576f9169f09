package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
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
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.Test;

/** What every {@link ClientSelector} promises. */
public abstract class ClientSelectorContract {
    /** Returns the selector under test. */
    protected abstract ClientSelector selector();

    /** A directory of every third client of 300, beginning with one that changes from round to round. */
    private static ClientDirectory changing(int round) {
        return new ClientDirectory() {
            @Override
            public int size() {
                return 100;
            }

            @Override
            public ClientId id(int position) {
                return new ClientId(3 * position + round % 3);
            }

            @Override
            public int exampleCount(ClientId client) {
                return 1 + client.index() % 17;
            }
        };
    }

    private static RoundContext round(int number, long seed) {
        return new RoundContext(number, new Seed(seed), /* clientCount= */ 303);
    }

    @Test
    void givesExactlyAsManyDistinctAvailableClientsAsAskedForInOrder() {
        for (int number = 1; number <= 130; number++) {
            ClientDirectory available = changing(number);
            List<ClientId> feasible =
                    IntStream.range(0, 100).mapToObj(available::id).toList();
            List<ClientId> cohort = selector().select(available, 13, round(number, 1), StrategyState.empty());
            assertThat(cohort).hasSize(13).doesNotHaveDuplicates().isSorted();
            assertThat(feasible).containsAll(cohort);
        }
    }

    /** On a state that it has learned from rounds: some measured little, one drops out, and who is there changes. */
    @Test
    void keepsTheRulesAfterItHasLearned() {
        ClientSelector selector = selector();
        StrategyState state = StrategyState.empty();
        for (int number = 1; number <= 40; number++) {
            ClientDirectory available = changing(number);
            List<ClientId> feasible =
                    IntStream.range(0, 100).mapToObj(available::id).toList();
            RoundContext round = round(number, 1);
            List<ClientId> cohort = selector.select(available, 13, round, state);
            assertThat(cohort).hasSize(13).doesNotHaveDuplicates().isSorted();
            assertThat(feasible).containsAll(cohort);
            assertThat(selector.select(available, 13, round, state))
                    .as("the same again from the same state")
                    .isEqualTo(cohort);
            List<Receipt> receipts = new ArrayList<>();
            receipts.add(Receipts.droppedOut(cohort.get(0).index()));
            for (ClientId client : cohort.subList(1, 13)) {
                Facts some = Facts.of(ClientTimes.SECONDS, 1.0 + client.index() % 7);
                double loss = 1.0 / (1 + client.index() % 5);
                Facts all = some.with(TrainingFacts.EXAMPLES_SEEN, 1L)
                        .with(TrainingFacts.LOSS, loss)
                        .with(TrainingFacts.SQUARED_LOSS, 2 * loss * loss)
                        .with(TrainingFacts.LAST_SQUARED_LOSS, loss * loss)
                        .with(TrainingFacts.UPDATE_NORM, loss);
                receipts.add(Receipts.accepted(client.index(), client.index() % 4 == 0 ? some : all));
            }
            state = Receipts.learn(selector, state, round, receipts);
        }
    }

    @Test
    void givesAllClientsWhenMoreAreAskedForThanThereAre() {
        List<ClientId> cohort =
                selector().select(ClientDirectory.ofRange(5, i -> 1), 8, round(1, 1), StrategyState.empty());
        assertThat(cohort).extracting(ClientId::index).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void followsFromSeedAndRoundAlone() {
        ClientDirectory available = changing(0);
        assertThat(selector().select(available, 13, round(3, 1), StrategyState.empty()))
                .isEqualTo(selector().select(available, 13, round(3, 1), StrategyState.empty()));
    }

    @Test
    void refusesACountBelowOne() {
        assertThatThrownBy(() -> selector().select(changing(0), 0, round(1, 1), StrategyState.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("count must be at least 1, but was 0");
    }
}
