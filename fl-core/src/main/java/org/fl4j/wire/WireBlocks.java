package org.fl4j.wire;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.BlockSums;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;

/** Receipts, and what a block of updates came to, written and read. */
final class WireBlocks {
    private static final String ACCEPTED = "accepted/";
    private static final String REFUSED = "refused/";
    private static final String REJECTED = "rejected/";
    private static final String FALSE_CLAIMS = "false claims/";
    private static final String SIZE = "size/"; // and a client
    private static final String SUM = "sum/";

    private WireBlocks() {}

    static void write(Receipt receipt, Draft draft) {
        draft.text("client", receipt.client().index());
        draft.text("model version", receipt.modelVersion());
        draft.text("examples", receipt.exampleCount());
        draft.text("steps", receipt.localSteps());
        WireParts.write(receipt.facts(), draft);
        WireParts.write(receipt.metrics(), draft);
    }

    /**
     * Reads a receipt.
     *
     * @param bytes the size of the update; 0 if the update itself is in the message
     */
    static Receipt receipt(Fields fields, long bytes) throws IOException {
        int client = fields.integer("client");
        int version = fields.integer("model version");
        long examples = fields.whole("examples");
        long steps = fields.whole("steps");
        Facts facts = WireParts.facts(fields);
        Metrics metrics = WireParts.metrics(fields);
        return WireForm.sound(
                WireForm.UPDATE,
                () -> new Receipt(
                        new ClientId(client), Receipt.Outcome.SENT, version, examples, steps, facts, metrics, bytes));
    }

    static void write(BlockSums block, Draft draft) {
        write(block.accepted(), ACCEPTED, draft);
        write(block.refused(), REFUSED, draft);
        writeRejections(block.rejected(), REJECTED, draft);
        writeRejections(block.falseClaims(), FALSE_CLAIMS, draft);
        block.sizes().forEach((client, size) -> draft.text(SIZE + client.index(), size));
        block.sums().numbers().forEach((name, value) -> draft.text(SUM + name, value));
        block.sums().tensors().forEach((name, array) -> draft.array(SUM + name, array));
    }

    private static void writeRejections(List<Rejection> rejections, String prefix, Draft draft) {
        for (int i = 0; i < rejections.size(); i++) {
            Draft one = new Draft();
            one.text("client", rejections.get(i).client().index());
            one.text("reason", rejections.get(i).reason());
            one.text("detail", rejections.get(i).detail());
            draft.include(prefix + i + '/', one);
        }
    }

    private static void write(List<Receipt> receipts, String prefix, Draft draft) {
        for (int i = 0; i < receipts.size(); i++) {
            Draft one = new Draft();
            write(receipts.get(i), one);
            one.text("bytes", receipts.get(i).bytes());
            draft.include(prefix + i + '/', one);
        }
    }

    static BlockSums block(Fields fields) throws IOException {
        List<Receipt> accepted = receipts(fields, ACCEPTED);
        List<Receipt> refused = receipts(fields, REFUSED);
        List<Rejection> rejected = rejections(fields, REJECTED);
        List<Rejection> falseClaims = rejections(fields, FALSE_CLAIMS);
        Map<ClientId, Long> sizes = new TreeMap<>();
        for (Map.Entry<String, String> size : fields.texts(SIZE).entrySet()) {
            ClientId client = fields.parsed(
                    SIZE + size.getKey(), size.getKey(), "of a client", index -> new ClientId(Integer.parseInt(index)));
            sizes.put(client, fields.parsed(SIZE + size.getKey(), size.getValue(), "a whole number", Long::valueOf));
        }
        Map<String, Double> numbers = fields.numbers(SUM);
        Map<String, NDArray> arrays = fields.arrays(SUM);
        return new BlockSums(accepted, refused, rejected, falseClaims, sizes, new StrategyState(arrays, numbers));
    }

    private static List<Rejection> rejections(Fields fields, String prefix) throws IOException {
        List<Rejection> rejections = new ArrayList<>();
        for (Fields one : parts(fields, prefix)) {
            int client = one.integer("client");
            RejectionReason reason = one.constant("reason", RejectionReason.class);
            String detail = one.text("detail");
            one.end();
            rejections.add(WireForm.sound(WireForm.SUMS, () -> new Rejection(new ClientId(client), reason, detail)));
        }
        return rejections;
    }

    private static List<Receipt> receipts(Fields fields, String prefix) throws IOException {
        List<Receipt> receipts = new ArrayList<>();
        for (Fields one : parts(fields, prefix)) {
            receipts.add(receipt(one, one.whole("bytes")));
            one.end();
        }
        return receipts;
    }

    /** Takes parts that are numbered from 0, as many as there are. */
    private static List<Fields> parts(Fields fields, String prefix) {
        List<Fields> parts = new ArrayList<>();
        while (fields.has(prefix + parts.size() + '/')) {
            parts.add(fields.part(prefix + parts.size() + '/'));
        }
        return parts;
    }
}
