package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ConfigurationTest extends RunSetup {
    @Test
    void refusesABadConfigurationBeforeItRuns() {
        assertThatThrownBy(() -> setup().cohortSize(13).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cohortSize must be in [1, 12], but was 13");
        assertThatThrownBy(() -> setup().cohortSize(0).build()).hasMessage("cohortSize must be in [1, 12], but was 0");
        assertThatThrownBy(() -> setup().rounds(0).build()).hasMessage("rounds must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().workers(0).build()).hasMessage("workers must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().evaluateEvery(0).build())
                .hasMessage("evaluateEvery must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().checkpoints(directory, 0).build())
                .hasMessage("checkpoint everyRounds must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().resume(true).build())
                .hasMessage("resume must be false without a checkpoint directory, but was true");
        assertThatThrownBy(() -> setup().training(null).build())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("training must not be null");
        assertThatThrownBy(() -> Simulation.builder().build()).hasMessage("task, data, training must not be null");
        assertThatThrownBy(() -> setup().workers(100_000).build())
                .hasMessage("workers must be at most 1024, but was 100000");
    }
}
