package org.fl4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class CohortRuleTest {
    private static final RoundContext ROUND = new RoundContext(3, new Seed(1), /* clientCount= */ 10);

    /** Never asked: its answers are given. */
    private static final class Given implements ClientSelector {
        @Override
        public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
            throw new IllegalStateException("not asked");
        }
    }

    private static List<ClientId> require(List<ClientId> cohort) {
        return CohortRule.require(new Given(), cohort, ClientDirectory.ofRange(10, i -> 1), 2, ROUND);
    }

    private static List<ClientId> clients(int... indices) {
        return IntStream.of(indices).mapToObj(ClientId::new).toList();
    }

    private static void refused(List<ClientId> cohort, String fault) {
        assertThatThrownBy(() -> require(cohort))
                .isInstanceOf(StrategyFailedException.class)
                .hasMessage("round 3: selector " + Given.class.getName() + " must " + fault);
    }

    @Test
    void acceptsDistinctAvailableClients() {
        assertThat(require(clients(4, 9))).isEqualTo(clients(4, 9));
        assertThat(CohortRule.require(new Given(), clients(0), ClientDirectory.ofRange(1, i -> 1), 2, ROUND))
                .isEqualTo(clients(0));
    }

    @Test
    void namesRoundSelectorAndRule() {
        refused(clients(4, 4), "choose each client once, but chose client 4 after client 4: [client 4, client 4]");
        refused(
                clients(5, 4),
                "choose clients in ascending order, but chose client 4 after client 5: [client 5, client 4]");
        refused(clients(1, 2, 3), "choose 2 clients, but chose 3: [client 1, client 2, client 3]");
        refused(List.of(), "choose 2 clients, but chose 0: []");
        refused(clients(4, 10), "choose only available clients, but chose client 10: [client 4, client 10]");
        refused(
                Arrays.asList(new ClientId(1), null),
                "choose only available clients, but chose null: [client 1, null]");
    }
}
