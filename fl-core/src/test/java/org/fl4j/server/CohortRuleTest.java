package org.fl4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.RoundContext;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class CohortRuleTest {
    private static final RoundContext ROUND = new RoundContext(3, new Seed(1), /* clientCount= */ 10);

    /** Never asked: its answers are given. */
    private static final class Given implements ClientSelector {
        @Override
        public List<ClientId> select(ClientDirectory available, int count, RoundContext round) {
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
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("round 3: selector " + Given.class.getName() + " must " + fault);
    }

    @Test
    void acceptsDistinctAvailableClients() {
        assertThat(require(clients(4, 9))).isEqualTo(clients(4, 9));
        assertThat(require(List.of())).isEmpty();
    }

    @Test
    void namesRoundSelectorAndRule() {
        refused(null, "return a list, but chose null");
        refused(clients(4, 4), "choose each client at most once, but chose client 4");
        refused(clients(1, 2, 3), "choose at most 2 clients, but chose [client 1, client 2, client 3]");
        refused(clients(4, 10), "choose only available clients, but chose client 10");
        refused(Arrays.asList(new ClientId(1), null), "choose only available clients, but chose null");
    }
}
