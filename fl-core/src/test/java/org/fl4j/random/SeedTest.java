package org.fl4j.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SeedTest {
    @Test
    void derivesUnlikeSeedsForUnlikePurposesRoundsAndClients() {
        Set<Long> seen = new HashSet<>();
        for (String purpose : new String[] {"shuffle", "dropout", "noise"}) {
            for (long round = 0; round < 50; round++) {
                for (long client = 0; client < 50; client++) {
                    seen.add(new Seed(1)
                            .derive(purpose)
                            .derive(round)
                            .derive(client)
                            .value());
                }
            }
        }
        assertThat(seen).hasSize(3 * 50 * 50);
    }

    @Test
    void doesNotMixUpRoundAndClient() {
        Seed seed = new Seed(1).derive("x");
        assertThat(seed.derive(2).derive(3)).isNotEqualTo(seed.derive(3).derive(2));
    }

    /** Frozen: a checkpoint of an earlier release must go on with the same random numbers. Computed in Python. */
    @Test
    void keepsItsValuesFromReleaseToRelease() {
        assertThat(new Seed(42).derive("client selection").derive(1).value()).isEqualTo(5291098754269071845L);
        assertThat(new Seed(42).generator().nextLong()).isEqualTo(-5600175640509174766L);
    }
}
