package org.fl4j.tensor.internal;

/** The losses of tasks that programs know, of scores (n, outputs). */
public enum Loss implements LossForm {
    /** Of scores against a class (n): softmax cross-entropy. */
    CROSS_ENTROPY {
        @Override
        public String write(LayerWriter out, String output) {
            String logs = out.value("torch.log_softmax(%s, 1, None)", output);
            String both = out.value("torch.nll_loss_forward(%s, labels, None, 0, -100)", logs);
            out.effect("torch.copy_(seen, (%s)[0])", both);
            String share = out.value("torch.full_like((%s)[0], torch.div(1., float(count)))", both);
            String back =
                    out.value("torch.nll_loss_backward(%s, %s, labels, None, 0, -100, (%s)[1])", share, logs, both);
            return out.value("torch._log_softmax_backward_data(%s, %s, 1, 6)", back, logs);
        }
    },
    /** Of scores (n, positions, classes) against a class at each position, negative where it does not count. */
    TOKEN_CROSS_ENTROPY {
        @Override
        public String write(LayerWriter out, String output) {
            String logs = out.value("torch.log_softmax(%s, 2, None)", output);
            String counts = out.value("torch.to(torch.ge(labels, 0), 6)");
            String all = out.value("torch.clamp_min(torch.sum(%s, [1]), 1)", counts);
            String classes = out.value("torch.unsqueeze(torch.clamp_min(labels, 0), 2)");
            String picked = out.value("torch.squeeze(torch.gather(%s, 2, %s), 2)", logs, classes);
            out.effect(
                    "torch.copy_(seen, torch.neg(torch.div(torch.sum(torch.mul(%s, %s), [1]), %s)))",
                    picked, counts, all);
            String share = out.value(
                    "torch.unsqueeze(torch.div(%s, torch.unsqueeze(torch.mul(%s, float(count)), 1)), 2)", counts, all);
            String gradient = out.value("torch.exp_(%s)", logs);
            out.effect("torch.scatter_add_(%s, 2, %s, torch.full_like(%s, -1.))", gradient, classes, share);
            return out.value("torch.mul_(%s, %s)", gradient, share);
        }
    },
    /** Of outputs against numbers of as many elements: the mean of squared differences. */
    SQUARED_ERROR {
        @Override
        public String write(LayerWriter out, String output) {
            String error = out.value("torch.sub(%1$s, torch.reshape(labels, torch.size(%1$s)))", output);
            String square = out.value("torch.reshape(torch.mul(%1$s, %1$s), [count, -1])", error);
            out.effect("torch.copy_(seen, torch.mean(%s, [1]))", square);
            return out.value("torch.mul(%1$s, torch.div(2., float(torch.numel(%1$s))))", error);
        }
    }
}
