package org.fl4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class ClientColumnTest {
    @Test
    void changedCopiesShareNothingThatChanged() {
        ClientColumn zeros = ClientColumn.filled(3000, 0);
        ClientColumn one = zeros.with(new int[] {5, 2999}, new float[] {1, 2});
        ClientColumn two = one.with(new int[] {5}, new float[] {7});
        assertThat(zeros.get(5)).isZero();
        assertThat(one.get(5)).isEqualTo(1);
        assertThat(two.get(5)).isEqualTo(7);
        assertThat(two.get(2999)).isEqualTo(2);
        assertThat(two.get(1500)).isZero();
        assertThat(two.size()).isEqualTo(3000);
        assertThat(ClientColumn.of(two.toArray()).toArray())
                .isEqualTo(two.toArray())
                .hasSize(3000);
        assertThatThrownBy(() -> two.with(new int[] {3000}, new float[] {1}))
                .hasMessage("client index must be in [0, 2999], but was 3000");
    }

    /**
     * Four columns of a million clients, all of whom took part, take 16 bytes a client and their references; untouched
     * ones next to nothing.
     */
    @Test
    void takesAFewBytesAClient() throws ReflectiveOperationException {
        int clients = 1_000_000;
        List<ClientColumn> columns = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            columns.add(ClientColumn.filled(clients, 0));
        }
        assertThat(bytes(columns)).as("registered").isLessThan(clients);
        for (int from = 0; from < clients; from += 1000) {
            int[] cohort = new int[1000];
            for (int i = 0; i < cohort.length; i++) {
                cohort[i] = from + i;
            }
            for (int i = 0; i < 4; i++) {
                columns.set(i, columns.get(i).with(cohort, new float[1000]));
            }
        }
        assertThat(bytes(columns)).as("all took part").isBetween(15L * clients, 20L * clients);
    }

    /**
     * Sums the arrays that columns hold, each once, and 8 bytes for each reference. The heap itself changes by what
     * other threads do.
     */
    private static long bytes(List<ClientColumn> columns) throws ReflectiveOperationException {
        Field blocks = ClientColumn.class.getDeclaredField("blocks");
        blocks.setAccessible(true);
        Set<float[]> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        long references = 0;
        for (ClientColumn column : columns) {
            float[][] held = (float[][]) blocks.get(column);
            references += held.length;
            distinct.addAll(Arrays.asList(held));
        }
        return 8 * references
                + distinct.stream()
                        .mapToLong(block -> (long) Float.BYTES * block.length)
                        .sum();
    }

    @Test
    void partsOfADirectoryAreInOrder() {
        ClientDirectory hundred = ClientDirectory.ofRange(100, i -> i);
        ClientDirectory odd = hundred.where(i -> i % 2 == 1);
        assertThat(odd.size()).isEqualTo(50);
        assertThat(odd.index(3)).isEqualTo(7);
        assertThat(odd.id(3)).isEqualTo(new ClientId(7));
        assertThat(odd.examplesAt(3)).isEqualTo(7);
        var random = new Seed(1).generator();
        for (int run = 0; run < 50; run++) {
            Set<ClientId> excluded = new TreeSet<>();
            for (int i = 0; i < 30; i++) {
                excluded.add(new ClientId(random.nextInt(100)));
            }
            ClientDirectory rest = odd.without(excluded);
            List<Integer> expected = new ArrayList<>();
            for (int i = 1; i < 100; i += 2) {
                if (!excluded.contains(new ClientId(i))) {
                    expected.add(i);
                }
            }
            List<Integer> indices = new ArrayList<>();
            for (int i = 0; i < rest.size(); i++) {
                assertThat(rest.id(i).index()).isEqualTo(rest.index(i));
                indices.add(rest.index(i));
            }
            assertThat(indices).isEqualTo(expected);
        }
    }
}
