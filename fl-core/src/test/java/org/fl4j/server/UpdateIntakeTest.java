package org.fl4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.fl4j.message.Receipt.Outcome.ACCEPTED;
import static org.fl4j.message.Receipt.Outcome.DROPPED_OUT;
import static org.fl4j.message.Receipt.Outcome.FAILED;
import static org.fl4j.message.Receipt.Outcome.LATE;
import static org.fl4j.message.Receipt.Outcome.REJECTED;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.core.Admission;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.SharedMessage;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.Test;

/** Whoever was asked has one receipt, which says what became of the update. */
class UpdateIntakeTest extends TensorTest {
    private static List<ClientId> clients(int from, int to) {
        return IntStream.range(from, to).mapToObj(ClientId::new).toList();
    }

    private RoundPlan plan(ServerState state) {
        Map<ClientId, Facts> known = Map.of(
                new ClientId(5), Facts.of(ClientTimes.SECONDS, 50.0),
                new ClientId(6), Facts.of(ClientTimes.SECONDS, 60.0));
        List<Rejection> absent = List.of(
                new Rejection(new ClientId(6), RejectionReason.LATE, "too slow"),
                new Rejection(new ClientId(7), RejectionReason.DROPPED_OUT, "gone"));
        return RoundPlan.of(clients(0, 6), SharedMessage.of(state))
                .withKnown(Map.of(), absent.subList(0, 1)) // by one server, and by another around it
                .withKnown(known, absent.subList(1, 2));
    }

    private UpdateIntake taken(ServerState state, UpdatePolicy policy, int... senders) {
        UpdateIntake intake = new UpdateIntake(state, policy);
        List<ModelUpdate> sent = IntStream.of(senders)
                .mapToObj(client -> update(client, client == 1 ? 0 : 3, vector(1)))
                .toList();
        intake.take(sent, update -> Admission.accepted(), update -> {});
        return intake;
    }

    private static List<Receipt.Outcome> outcomes(List<Receipt> receipts) {
        assertThat(receipts.stream().map(Receipt::client)).containsExactlyElementsOf(clients(0, 8));
        return receipts.stream().map(Receipt::outcome).toList();
    }

    /** Client 1 has no examples, 2 sends nothing. */
    @Test
    void ofARoundThatReadsAllUpdates() {
        ServerState state = state(vector(0));
        List<Receipt> receipts = taken(state, UpdatePolicy.all(), 0, 1, 3, 4).receipts(plan(state), true);
        assertThat(outcomes(receipts))
                .containsExactly(ACCEPTED, REJECTED, FAILED, ACCEPTED, ACCEPTED, FAILED, LATE, DROPPED_OUT);
        assertThat(receipts.get(0).exampleCount()).isEqualTo(3);
        assertThat(receipts.get(0).bytes()).isEqualTo(4);
        assertThat(receipts.get(2).bytes()).isZero();
        assertThat(receipts.get(6).facts().get(ClientTimes.SECONDS)).isEqualTo(60);
        assertThat(receipts.get(7).facts()).isEqualTo(Facts.none());
    }

    /** It has enough after client 3: 2 failed before, 4 and 5 are not asked any more. */
    @Test
    void ofARoundThatHasEnough() {
        ServerState state = state(vector(0));
        List<Receipt> receipts =
                taken(state, UpdatePolicy.all().bufferSize(2), 0, 1, 3, 4).receipts(plan(state), true);
        assertThat(outcomes(receipts))
                .containsExactly(ACCEPTED, REJECTED, FAILED, ACCEPTED, LATE, LATE, LATE, DROPPED_OUT);
        assertThat(receipts.get(5).facts().get(ClientTimes.SECONDS)).isEqualTo(50);
    }

    @Test
    void ofRoundsThatDoNotCount() {
        ServerState state = state(vector(0));
        assertThat(outcomes(taken(state, UpdatePolicy.all().minimumUpdates(4), 0, 1, 3, 4)
                        .receipts(plan(state), true)))
                .doesNotContain(ACCEPTED)
                .startsWith(REJECTED, REJECTED, FAILED, REJECTED);
        assertThat(outcomes(taken(state, UpdatePolicy.all(), 0, 1, 3, 4).receipts(plan(state), false)))
                .doesNotContain(ACCEPTED);
    }
}
