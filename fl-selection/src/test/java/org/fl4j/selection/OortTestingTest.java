package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.world.DeviceProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OortTestingTest {
    /** Values of FedScale's own code. */
    @ParameterizedTest
    @CsvSource({
        ".1, 100, 1000, 999.7576313",
        "5, 100, 1000, 243.7495248",
        "10, 100, 10000, 79.8374755",
        "25, 100, 14477, 12.8649509"
    })
    void countsByDeviation(double deviation, double range, int population, double expected) {
        assertThat(OortTesting.exactParticipants(deviation, range, population, .8))
                .isCloseTo(expected, within(1e-6));
        assertThat(OortTesting.participants(deviation, range, population, .8)).isEqualTo((int) Math.ceil(expected));
    }

    @Test
    void selectsAsManyClientsAsTheDeviationNeeds() {
        OortTestingSelector selector = new OortTestingSelector(.1, .8);
        ClientDirectory many = ClientDirectory.ofRange(10_000, client -> 1);
        RoundContext round = new RoundContext(1, new Seed(3), 10_000);
        List<ClientId> chosen = selector.select(many, 10_000, round, StrategyState.empty());
        assertThat(chosen)
                .as("FedScale's count of deviation 10 in 100")
                .hasSize(80)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(selector.select(many, 80, round, StrategyState.empty())).isEqualTo(chosen);
        assertThat(selector.select(many, 80, new RoundContext(2, new Seed(3), 10_000), StrategyState.empty()))
                .isNotEqualTo(chosen);
        assertThatThrownBy(() -> selector.select(many, 79, round, StrategyState.empty()))
                .hasMessage("count must be at least the 80 that the deviation needs, but was 79");
        assertThatThrownBy(() -> new OortTestingSelector(0, .8)).hasMessage("deviation must be in (0, 1), but was 0.0");
        assertThatThrownBy(() -> new OortTestingSelector(.1, 1))
                .hasMessage("confidence must be in (0, 1), but was 1.0");
    }

    /**
     * Two clients hold all, one at half the speed: two thirds and one third of the time, and so of examples, by the
     * program.
     */
    @Test
    void sharesOutByTheLinearProgram() {
        List<DeviceProfile> devices = List.of(new DeviceProfile(.03, 1e6, 1e6), new DeviceProfile(.06, 1e6, 1e6));
        OortTesting.Assignment assignment = OortTesting.byCategory(
                        new int[] {250, 50}, new int[][] {{200, 0}, {200, 100}}, devices, 1_000_000, 2)
                .orElseThrow();
        int first = sum(assignment, 0);
        int second = sum(assignment, 1);
        assertThat(first + second).isEqualTo(300);
        assertThat(first).isEqualTo(200);
        assertThat(assignment.seconds()).isCloseTo(1 + 200 * .01, within(.021));
        assertThat(assignment.seconds()).isCloseTo(1 + second * .02, within(.021));
    }

    private static int sum(OortTesting.Assignment assignment, int client) {
        return assignment.quantities().get(new ClientId(client)).stream()
                .mapToInt(Integer::intValue)
                .sum();
    }

    /**
     * Over fifty random problems: as many of each category as needed, no more than held, no more clients than the
     * budget, all in time.
     */
    @Test
    void assignmentsAreFeasible() {
        RandomGenerator random = new Seed(1).generator();
        for (int run = 0; run < 50; run++) {
            int clients = 5 + random.nextInt(30);
            int categories = 1 + random.nextInt(5);
            int[][] held = new int[clients][categories];
            int[] needed = new int[categories];
            List<DeviceProfile> devices = new ArrayList<>();
            for (int[] row : held) {
                for (int category = 0; category < categories; category++) {
                    row[category] = random.nextInt(100);
                    needed[category] += row[category] / 4;
                }
                devices.add(new DeviceProfile(.01 + random.nextDouble(), 1e5 + 1e6 * random.nextDouble(), 1e6));
            }
            OortTesting.Assignment assignment = OortTesting.byCategory(needed, held, devices, 500_000, clients)
                    .orElseThrow();
            int[] given = new int[categories];
            assignment.quantities().forEach((client, row) -> {
                double seconds = 500_000 / devices.get(client.index()).downBytesPerSecond();
                for (int category = 0; category < categories; category++) {
                    assertThat(row.get(category)).isBetween(0, held[client.index()][category]);
                    given[category] += row.get(category);
                    seconds += row.get(category) * devices.get(client.index()).secondsPerExample() / 3;
                }
                assertThat(seconds).isLessThanOrEqualTo(assignment.seconds() + 1e-9);
            });
            assertThat(given).containsExactly(needed);
        }
    }

    @Test
    void saysIfThereIsNotEnough() {
        List<DeviceProfile> devices = List.of(new DeviceProfile(1, 1, 1), new DeviceProfile(1, 1, 1));
        assertThat(OortTesting.byCategory(new int[] {5}, new int[][] {{2}, {2}}, devices, 1, 2))
                .isEmpty();
        assertThat(OortTesting.byCategory(new int[] {4}, new int[][] {{2}, {2}}, devices, 1, 1))
                .isEmpty();
        assertThat(OortTesting.byCategory(new int[] {4}, new int[][] {{2}, {2}}, devices, 1, 2))
                .isPresent();
        assertThatThrownBy(() -> OortTesting.byCategory(new int[] {4}, new int[][] {{2, 1}, {2}}, devices, 1, 2))
                .hasMessage("categories held must be as many as wanted, 1, but was 2");
    }
}
