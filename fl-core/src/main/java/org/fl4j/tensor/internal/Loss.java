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
