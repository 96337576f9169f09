package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioner;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

/** What every {@link Partitioner} promises. */
public abstract class PartitionerContract {
    /** Returns the partitioner under test, for 1,000 rows and 20 clients. */
    protected abstract Partitioner partitioner();

    /** Returns whether every row has exactly one holder. */
    protected boolean isExactCover() {
        return true;
    }

    /** Returns the labels of the 1,000 rows; by default ten classes in turn. */
    protected int[] labels() {
        int[] labels = new int[1000];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % 10;
        }
        return labels;
    }

    @Test
    void givesEveryClientRowsThatExist() {
        for (long seed = 0; seed < 20; seed++) {
            Partition partition = partitioner().partition(labels(), 20, new Seed(seed));
            assertThat(partition.clientCount()).isEqualTo(20);
            for (int client = 0; client < 20; client++) {
                assertThat(partition.exampleCount(client)).isPositive();
                for (int row : partition.rows(new ClientId(client))) {
                    assertThat(row).isBetween(0, 999);
                }
            }
        }
    }

    @Test
    void givesEveryRowOneHolderIfItSaysSo() {
        for (long seed = 0; seed < 20; seed++) {
            Partition partition = partitioner().partition(labels(), 20, new Seed(seed));
            List<Integer> all = new ArrayList<>();
            for (int client = 0; client < 20; client++) {
                for (int row : partition.rows(new ClientId(client))) {
                    all.add(row);
                }
            }
            Set<Integer> distinct = new HashSet<>(all);
            assertThat(distinct.size() == all.size() && all.size() == 1000).isEqualTo(isExactCover());
        }
    }

    @Test
    void followsFromTheSeedAlone() {
        Partition first = partitioner().partition(labels(), 20, new Seed(5));
        Partition second = partitioner().partition(labels(), 20, new Seed(5));
        for (int client = 0; client < 20; client++) {
            assertThat(first.rows(new ClientId(client))).containsExactly(second.rows(new ClientId(client)));
        }
    }

    @Test
    void refusesNoClients() {
        assertThatThrownBy(() -> partitioner().partition(labels(), 0, new Seed(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("clients must be ")
                .hasMessageEndingWith(", but was 0");
    }
}
