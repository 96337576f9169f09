package org.fl4j.tensor.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.tensor.internal.LayerForms.Filters;

/**
 * Clips each example's gradient to a norm and adds them up, without computing any of them: a layer's squared norm of
 * each example follows from what the layer read and from the gradient at what it wrote (Goodfellow 2015, arXiv
 * 1510.01799; for convolutions Rochette et al. 2019, arXiv 1912.06015, and Bu et al. 2022, arXiv 2205.10683), and the
 * clipped sum is the gradient of a batch whose examples count with their own factors.
 */
final class ExampleSink implements GradientSink {
    private static final double MARGIN = 3e-5; // float32 rounds, by 1.2e-5 of 1,200 bad examples

    private final ProgramWriter out;
    private final Map<String, String> places = new HashMap<>();
    private final List<String> squares = new ArrayList<>(); // of each layer's norms, (n)
    private final List<String> read = new ArrayList<>(); // by the sums
    private final List<Runnable> sums = new ArrayList<>(); // to write when the factors are known
    private boolean complete = true;

    ExampleSink(ProgramWriter out) {
        this.out = out;
    }

    /** Returns whether every layer said what each example's gradient is, and there is one at least. */
    boolean isComplete() {
        return complete && !squares.isEmpty();
    }

    @Override
    public Optional<ExampleSink> byExample() {
        return Optional.of(this);
    }

    @Override
    public void declare(String parameter, ParameterView view) {
        if (view.trainable()) {
            places.put(parameter, BatchForm.ONE.view(out, "gradient", view));
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
        complete = false; // the sum over the batch tells nothing of its examples
    }

    @Override
    public void product(String parameter, String left, String right) {
        complete = false; // rows need not be examples
    }

    /** Takes those of a dense layer: {@code gradient^T x} of the weight, {@code gradient} of the bias. */
    void dense(String weight, String bias, String gradient, String x) {
        String ofWeight = squaresOf(x);
        squares.add(out.value("torch.mul(%s, torch.add(%s, 1.))", squaresOf(gradient), ofWeight));
        read.add(gradient);
        read.add(x);
        sums.add(() -> {
            String scaled = out.value("torch.mul(%s, torch.unsqueeze(factors, 1))", gradient);
            out.effect("torch.addmm_(%s, torch.t(%s), %s)", places.get(weight), scaled, x);
            out.effect("torch.add_(%s, torch.sum(%s, [0]))", places.get(bias), scaled);
        });
    }

    /**
     * What a convolution read and how it is written.
     *
     * @param filters of the layer
     * @param window stride, padding and dilation, as the operations of libtorch take them
     * @param x the name of its input
     */
    record Windows(Filters filters, String window, String x) {}

    /**
     * Takes those of a convolution. Where there are few windows, an example's norm follows from the products of pairs
     * of windows; otherwise from its gradient, which is smaller then.
     */
    void convolution(String weight, Optional<String> bias, Windows windows, String gradient) {
        Filters filters = windows.filters();
        String side = out.value("torch.size(%s, 2)", weight);
        String columns = out.value(
                "torch.im2col(torch.contiguous(%1$s), [%2$s, %2$s], [1, 1], [%3$d, %3$d], [%4$d, %4$d])",
                windows.x(), side, filters.padding(), filters.stride());
        String each = out.value("torch.reshape(%s, [count, %d, -1])", gradient, filters.count());
        String count = out.value("torch.size(%s, 2)", columns);
        String square = out.fresh("s");
        out.step("if torch.lt(torch.mul(%1$s, %1$s), torch.numel(%2$s)):", count, weight);
        out.step("  %s = %s", square, sumOfProducts(pairs(each), pairs(columns)));
        out.step("else:");
        out.step(
                "  %s = torch.to(torch.sum(torch.square(torch.bmm(%s, torch.transpose(%s, 1, 2))), [1, 2]), 7)",
                square, each, columns);
        squares.add(square);
        bias.ifPresent(any -> squares.add(squaresOf(out.value("torch.sum(%s, [2])", each))));
        read.add(gradient);
        read.add(windows.x());
        sums.add(() -> {
            String scaled = out.value("torch.mul(%s, torch.reshape(factors, [count, 1, 1, 1]))", gradient);
            String all = out.value(
                    "torch.convolution_backward(%s, %s, %s, [%d], %s, False, [0, 0], 1, [False, True, %s])",
                    scaled,
                    windows.x(),
                    weight,
                    filters.count(),
                    windows.window(),
                    bias.isPresent() ? "True" : "False");
            out.effect("torch.add_(%s, (%s)[1])", places.get(weight), all);
            bias.ifPresent(name -> out.effect("torch.add_(%s, (%s)[2])", places.get(name), all));
        });
    }

    /** The inner products of all pairs of columns, (n, columns, columns), in float64: sums of them cancel. */
    private static String pairs(String matrix) {
        String wide = "torch.to(" + matrix + ", 7)";
        return "torch.bmm(torch.transpose(" + wide + ", 1, 2), " + wide + ")";
    }

    private static String sumOfProducts(String left, String right) {
        return "torch.clamp_min(torch.sum(torch.mul(" + left + ", " + right + "), [1, 2]), 0.)";
    }

    /** Takes those of a table of which each example reads the rows of its tokens: the same token may come again. */
    void embedding(String table, int vocabulary, String gradient, String tokens) {
        String each = out.value("torch.flatten(torch.reshape(%1$s, [count, -1, torch.size(%1$s, -1)]), 2)", gradient);
        String flat = out.value("torch.reshape(%s, [count, -1])", tokens);
        String same = out.value("torch.eq(torch.unsqueeze(%1$s, 2), torch.unsqueeze(%1$s, 1))", flat);
        squares.add(out.value("%s", sumOfProducts(pairs("torch.transpose(" + each + ", 1, 2)"), same)));
        read.add(each);
        sums.add(() -> out.effect(
                "torch.add_(%s, torch.embedding_dense_backward(torch.mul(%s, torch.reshape(factors, [count, 1, 1])), "
                        + "%s, %d, -1, False))",
                places.get(table), each, flat, vocabulary));
    }

    /** Takes those of a parameter as they are: (n, ...), as many elements for each example as the parameter has. */
    void each(String parameter, String gradients) {
        String flat = out.value("torch.reshape(%s, [count, -1])", gradients);
        squares.add(squaresOf(flat));
        read.add(flat);
        sums.add(() -> out.effect(
                "torch.add_(%1$s, torch.reshape(torch.mv(torch.t(%2$s), factors), torch.size(%1$s)))",
                places.get(parameter), flat));
    }

    private String squaresOf(String matrix) {
        return out.value("torch.sum(torch.square(%s), [1])", matrix);
    }

    /** Writes norms, factors and sums; an example whose gradient is not finite counts as none. */
    void clip() {
        String total = squares.get(0);
        for (String square : squares.subList(1, squares.size())) {
            total = out.value("torch.add(%s, %s)", total, square);
        }
        out.step("norm = torch.to(torch.sqrt(%s), 6)", total);
        out.effect("torch.copy_(torch.narrow(told, 0, count, count), norm)");
        out.step("finite = torch.isfinite(norm)");
        out.step("within = torch.clamp_max(torch.mul(torch.reciprocal(norm), torch.mul(bound, %s)), 1.)", 1 - MARGIN);
        out.step("factors = torch.mul_(torch.masked_fill(within, torch.bitwise_not(finite), 0.), scale)");
        out.step("if bool(torch.all(finite)):");
        out.step("  pass");
        out.step("else:");
        for (String array : read) { // 0 times infinity is not 0
            out.step("  %s = torch.nan_to_num_(%s, 0., 0., 0.)", out.fresh("n"), array);
        }
        sums.forEach(Runnable::run);
    }

    @Override
    public void finish(StringBuilder program, String indent) {}
}
