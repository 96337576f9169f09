package org.fl4j.tensor.internal;

import java.util.stream.Collectors;

/**
 * How a program holds batches and parameters. Layers write their lines by it, so that one description of a layer serves
 * programs of one client and programs of a whole block.
 */
interface BatchForm {
    /** One client: a batch is (n, ...), and a parameter has its own shape. */
    BatchForm ONE = new OneClient();

    /** A block of k clients: a batch is (k, n, ...), and a parameter (k, ...), one after another in memory. */
    BatchForm BLOCK = new Block();

    /** Declares a name for a parameter in a vector, which the steps may use; returns it. */
    String view(ProgramWriter out, String vector, ParameterView parameter);

    /** {@code x W^T + b} of each row. */
    String affine(ProgramWriter out, String x, String weight, String bias);

    /** {@code g W} of each row: the gradient of what {@link #affine} read. */
    String below(ProgramWriter out, String gradient, String weight);

    /** The sum over the rows of each batch. */
    String sumOfRows(ProgramWriter out, String x);

    /** Each example as a vector. */
    String flattened(ProgramWriter out, String x);

    /** Moves a parameter, times {@code keep}, by {@code left^T right} of each batch times the step, in place. */
    void descend(ProgramWriter out, String parameter, String left, String right, String keep);

    /** {@code left^T right} of each batch, in place of the values of a gradient. */
    void product(ProgramWriter out, String gradient, String left, String right);

    /** One client's batch. */
    final class OneClient implements BatchForm {
        private OneClient() {}

        @Override
        public String view(ProgramWriter out, String vector, ParameterView parameter) {
            String name = out.fresh("p");
            out.setup("%s = %s", name, parameter.of(vector));
            return name;
        }

        @Override
        public String affine(ProgramWriter out, String x, String weight, String bias) {
            return out.value("torch.addmm(%s, %s, torch.t(%s))", bias, x, weight);
        }

        @Override
        public String below(ProgramWriter out, String gradient, String weight) {
            return out.value("torch.mm(%s, %s)", gradient, weight);
        }

        @Override
        public String sumOfRows(ProgramWriter out, String x) {
            return out.value("torch.sum(%s, [0])", x);
        }

        @Override
        public String flattened(ProgramWriter out, String x) {
            return out.value("torch.flatten(%s, 1)", x);
        }

        @Override
        public void descend(ProgramWriter out, String parameter, String left, String right, String keep) {
            out.effect("torch.addmm_(%s, torch.t(%s), %s, beta=%s, alpha=descent)", parameter, left, right, keep);
        }

        @Override
        public void product(ProgramWriter out, String gradient, String left, String right) {
            out.effect("torch.mm(torch.t(%s), %s, out=%s)", left, right, gradient);
        }
    }

    /** The batches of a block: the first {@code active} clients take part in a step, all the others are done. */
    final class Block implements BatchForm {
        private Block() {}

        @Override
        public String view(ProgramWriter out, String vector, ParameterView parameter) {
            String all = out.fresh("p");
            String dimensions =
                    parameter.shape().stream().map(size -> ", " + size).collect(Collectors.joining());
            out.setup(
                    "%s = torch.view(torch.narrow(%s, 0, torch.mul(k, %d), torch.mul(k, %d)), [k%s])",
                    all, vector, parameter.offset(), parameter.size(), dimensions);
            return out.value("torch.narrow(%s, 0, 0, active)", all);
        }

        @Override
        public String affine(ProgramWriter out, String x, String weight, String bias) {
            return out.value("torch.baddbmm(torch.unsqueeze(%s, 1), %s, torch.transpose(%s, 1, 2))", bias, x, weight);
        }

        @Override
        public String below(ProgramWriter out, String gradient, String weight) {
            return out.value("torch.bmm(%s, %s)", gradient, weight);
        }

        @Override
        public String sumOfRows(ProgramWriter out, String x) {
            return out.value("torch.sum(%s, [1])", x);
        }

        @Override
        public String flattened(ProgramWriter out, String x) {
            return out.value("torch.flatten(%s, 2)", x);
        }

        @Override
        public void descend(ProgramWriter out, String parameter, String left, String right, String keep) {
            out.effect(
                    "torch.baddbmm_(%s, torch.transpose(%s, 1, 2), %s, beta=%s, alpha=descent)",
                    parameter, left, right, keep);
        }

        @Override
        public void product(ProgramWriter out, String gradient, String left, String right) {
            out.effect("torch.baddbmm_(%s, torch.transpose(%s, 1, 2), %s, beta=0, alpha=1)", gradient, left, right);
        }
    }
}
