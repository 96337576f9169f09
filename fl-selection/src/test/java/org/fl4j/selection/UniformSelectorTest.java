package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.server.UniformSelector;
import org.fl4j.testing.ClientSelectorContract;
import org.junit.jupiter.api.Test;

class UniformSelectorTest extends ClientSelectorContract {
    @Override
    protected ClientSelector selector() {
        return new UniformSelector();
    }

    /** Chi-square with 19 degrees of freedom: above 50.8 in one of 10,000 runs of a correct sampler. */
    @Test
    void choosesEveryClientEquallyOften() {
        int rounds = 5_000;
        int[] chosen = new int[20];
        ClientDirectory clients = ClientDirectory.ofRange(20, i -> 1);
        for (int round = 1; round <= rounds; round++) {
            for (ClientId client : selector()
                    .select(
                            clients,
                            4,
                            new RoundContext(round, new Seed(2), /* clientCount= */ 10),
                            StrategyState.empty())) {
                chosen[client.index()]++;
            }
        }
        double expected = rounds * .2;
        double chiSquare = Arrays.stream(chosen)
                .mapToDouble(count -> (count - expected) * (count - expected) / (expected * .8))
                .sum();
        assertThat(chiSquare).isLessThan(50.8);
    }

    @Test
    void choosesFromTenMillionClientsAtOnce() {
        ClientDirectory clients = ClientDirectory.ofRange(10_000_000, i -> 1);
        assertThat(selector()
                        .select(
                                clients,
                                1000,
                                new RoundContext(1, new Seed(2), /* clientCount= */ 10),
                                StrategyState.empty()))
                .hasSize(1000)
                .doesNotHaveDuplicates();
    }
}
