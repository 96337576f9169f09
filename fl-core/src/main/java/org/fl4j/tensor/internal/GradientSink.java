package org.fl4j.tensor.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where the backward pass of a program puts the gradient of a parameter. */
interface GradientSink {
    /** Returns the sink that a rule of steps needs. */
    static GradientSink of(StepRule rule, ProgramWriter out, BatchForm form) {
        return rule.descends() ? new Descent(out, form, /* decays= */ rule.weightDecay() > 0) : new Collect(out, form);
    }

    /** Returns whether gradients of parameters are needed at all. */
    default boolean isOpen() {
        return true;
    }

    /** Learns of a parameter that the program has a view of. */
    void declare(String parameter, ParameterView view);

    /** Returns the name under which convolutions read a weight, best in the order channels-last. */
    String channelsLast(String weight);

    /** Takes a gradient of the parameter's shape. */
    void add(String parameter, String gradient);

    /** Takes the gradient left^T x right. */
    void product(String parameter, String left, String right);

    /** Returns what takes the gradients of single examples; nothing if those of a batch are wanted. */
    default Optional<ExampleSink> byExample() {
        return Optional.empty();
    }

    /** Writes what must be done after the last step. */
    void finish(StringBuilder program, String indent);

    /**
     * Plain SGD, fused: a parameter is moved as soon as its gradient is known, the weight of a dense layer while the
     * gradient is computed, without a buffer and without another pass.
     */
    final class Descent implements GradientSink {
        private final ProgramWriter out;
        private final BatchForm form;
        private final boolean decays;
        private final Map<String, String> originals = new HashMap<>(); // by the name of the channels-last copy

        Descent(ProgramWriter out, BatchForm form, boolean decays) {
            this.out = out;
            this.form = form;
            this.decays = decays;
        }

        @Override
        public void declare(String parameter, ParameterView view) {}

        @Override
        public String channelsLast(String weight) {
            String copy = out.fresh("c");
            out.setup("%s = torch.clone(%s, memory_format=2)", copy, weight);
            originals.put(copy, weight);
            return copy;
        }

        @Override
        public void add(String parameter, String gradient) {
            if (decays) {
                out.effect("torch.mul_(%s, keep)", parameter);
            }
            out.effect("torch.add_(%s, %s, alpha=descent)", parameter, gradient);
        }

        @Override
        public void product(String parameter, String left, String right) {
            form.descend(out, parameter, left, right, decays ? "keep" : "1");
        }

        @Override
        public void finish(StringBuilder program, String indent) {
            originals.forEach((copy, weight) -> program.append(indent)
                    .append(out.fresh("e"))
                    .append(" = torch.copy_(" + weight + ", " + copy + ")\n"));
        }
    }

    /**
     * Takes nothing: parameters are frozen.
     *
     * @param out where copies are made
     */
    record Closed(ProgramWriter out) implements GradientSink {
        @Override
        public boolean isOpen() {
            return false;
        }

        @Override
        public void declare(String parameter, ParameterView view) {}

        @Override
        public String channelsLast(String weight) {
            String copy = out.fresh("c");
            out.setup("%s = torch.contiguous(%s, memory_format=2)", copy, weight);
            return copy;
        }

        @Override
        public void add(String parameter, String gradient) {}

        @Override
        public void product(String parameter, String left, String right) {}

        @Override
        public void finish(StringBuilder program, String indent) {}
    }

    /** Collects all gradients in one flat vector, for optimizers and clipping that need the whole of it. */
    final class Collect implements GradientSink {
        private final ProgramWriter out;
        private final BatchForm form;
        private final Map<String, String> places = new HashMap<>();

        Collect(ProgramWriter out, BatchForm form) {
            this.out = out;
            this.form = form;
        }

        @Override
        public void declare(String parameter, ParameterView view) {
            if (view.trainable()) {
                places.put(parameter, form.view(out, "gradient", view));
            }
        }

        @Override
        public String channelsLast(String weight) {
            String copy = out.value("torch.clone(%s, memory_format=2)", weight);
            places.put(copy, places.get(weight));
            return copy;
        }

        @Override
        public void add(String parameter, String gradient) {
            out.effect("torch.copy_(%s, %s)", places.get(parameter), gradient);
        }

        @Override
        public void product(String parameter, String left, String right) {
            form.product(out, places.get(parameter), left, right);
        }

        @Override
        public void finish(StringBuilder program, String indent) {}
    }
}
