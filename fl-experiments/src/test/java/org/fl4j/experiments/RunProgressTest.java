package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RunProgressTest {
    @Test
    void theClockHasDigitsThatEveryoneReads() {
        assertThat(RunProgress.asciiDigits("fedavg  50% 1/2 (\u0660:\u0660\u0661:\u0662\u0663 / ?)"))
                .isEqualTo("fedavg  50% 1/2 (0:01:23 / ?)");
    }
}
