package org.fl4j.tensor.internal;

import java.util.Locale;
import java.util.function.Function;

/**
 * The compiled forms of recurrent layers, see {@link LayerForms}: one product for the inputs of all positions, then one
 * position after another in memory of its own, and backwards the other way round.
 */
public final class RecurrentForms {
    private final LayerWriter out;
    private final int units;
    private final String x;
    private final String ofInput;
    private final String ofState;
    private final String inputBias;
    private final String stateBias;
    private final String positions;
    private final String rows; // of all positions, one position after another

    private RecurrentForms(LayerWriter out, int units, String x) {
        this.out = out;
        this.units = units;
        this.x = x;
        ofInput = out.parameter();
        ofState = out.parameter();
        inputBias = out.parameter();
        stateBias = out.parameter();
        positions = out.value("torch.size(%s, 1)", x);
        rows = out.value("torch.reshape(torch.transpose(%1$s, 0, 1), [-1, torch.size(%1$s, 2)])", x);
    }

    /** Long short-term memory: (n, positions, features) to (n, positions, units). */
    public static LayerPass lstm(LayerWriter out, int units, String x, boolean above) {
        return out.isForCpu() && OneDnnLstm.isAvailable()
                ? OneDnnLstm.write(out, units, x, above)
                : new RecurrentForms(out, units, x).lstm(above);
    }

    /** Gated recurrent units: (n, positions, features) to (n, positions, units). */
    public static LayerPass gru(LayerWriter out, int units, String x, boolean above) {
        return new RecurrentForms(out, units, x).gru(above);
    }

    /** What the inputs of all positions give to the gates: (positions, n, gates * units). */
    private String inputs(String bias) {
        return out.value(
                "torch.view(torch.addmm(%s, %s, torch.t(%s)), [%s, torch.size(%s, 0), -1])",
                bias, rows, ofInput, positions, x);
    }

    private String zeros(String like, String count) {
        return out.value("torch.new_zeros(%s, [%s, torch.size(%s, 0), %d])", like, count, x, units);
    }

    private static String at(String all, String position) {
        return "torch.select(" + all + ", 0, " + position + ")";
    }

    private String gate(String gates, int number) {
        return gates(gates, number, 1);
    }

    private String gates(String gates, int number, int count) {
        return String.format(Locale.ROOT, "torch.narrow(%s, 1, %d, %d)", gates, number * units, count * units);
    }

    private void line(String format, Object... arguments) {
        out.line("  " + out.fresh("e") + " = " + format, arguments);
    }

    private String value(String format, Object... arguments) {
        String name = out.fresh("r");
        out.line("  " + name + " = " + format, arguments);
        return name;
    }

    private LayerPass lstm(boolean above) {
        String gates = inputs(out.value("torch.add(%s, %s)", inputBias, stateBias)); // and then their values
        String states = zeros(gates, "torch.add(" + positions + ", 1)"); // before each position, and at the end
        String cells = zeros(gates, "torch.add(" + positions + ", 1)");
        String bounded = zeros(gates, positions); // tanh of the cells
        String transposed = out.value("torch.t(%s)", ofState);
        String s = out.fresh("s");
        out.line("for %s in range(%s):", s, positions);
        String next = value("torch.add(%s, 1)", s);
        String now = value(at(gates, s));
        line("torch.addmm_(%s, %s, %s)", now, at(states, s), transposed);
        line("torch.sigmoid_(%s)", gates(now, 0, 2));
        line("torch.tanh_(%s)", gate(now, 2));
        line("torch.sigmoid_(%s)", gate(now, 3));
        String cell = value(at(cells, next));
        line("torch.mul(%s, %s, out=%s)", at(cells, s), gate(now, 1), cell);
        line("torch.addcmul_(%s, %s, %s)", cell, gate(now, 0), gate(now, 2));
        line("torch.mul(%s, torch.tanh(%s, out=%s), out=%s)", gate(now, 3), cell, at(bounded, s), at(states, next));
        return pass(states, above, g -> lstmBackward(g, gates, cells, bounded));
    }

    private Gates lstmBackward(String g, String gates, String cells, String bounded) {
        String all = out.value("torch.empty_like(%s)", gates);
        String ofCell = out.fresh("c");
        String ofNext = out.fresh("h");
        out.line("%s = torch.zeros_like(%s)", ofCell, at(bounded, "0"));
        out.line("%s = torch.zeros_like(%s)", ofNext, at(bounded, "0"));
        String r = out.fresh("s");
        out.line("for %s in range(%s):", r, positions);
        String s = value("torch.sub(torch.sub(%s, %s), 1)", positions, r);
        String now = value(at(gates, s));
        String back = value(at(all, s));
        String tanh = value(at(bounded, s));
        String state = value("torch.add(%s, %s)", ofNext, at(g, s));
        String cell =
                value("torch.add(%s, torch.tanh_backward(torch.mul(%s, %s), %s))", ofCell, state, gate(now, 3), tanh);
        line("torch.mul(%s, %s, out=%s)", cell, gate(now, 2), gate(back, 0));
        line("torch.mul(%s, %s, out=%s)", cell, at(cells, s), gate(back, 1));
        line("torch.mul(%s, %s, out=%s)", state, tanh, gate(back, 3));
        line("torch.sigmoid_backward(%1$s, %2$s, grad_input=%1$s)", gates(back, 0, 2), gates(now, 0, 2));
        line("torch.sigmoid_backward(%1$s, %2$s, grad_input=%1$s)", gate(back, 3), gate(now, 3));
        line(
                "torch.tanh_backward(torch.mul(%s, %s), %s, grad_input=%s)",
                cell, gate(now, 0), gate(now, 2), gate(back, 2));
        out.line("  %s = torch.mul(%s, %s)", ofCell, cell, gate(now, 1));
        out.line("  %s = torch.mm(%s, %s)", ofNext, back, ofState);
        return new Gates(all, all);
    }

    private LayerPass gru(boolean above) {
        String gates = inputs(inputBias); // and then their values
        String ofStates = out.value("torch.empty_like(%s)", gates); // what states give to the gates
        String states = zeros(gates, "torch.add(" + positions + ", 1)");
        String transposed = out.value("torch.t(%s)", ofState);
        String s = out.fresh("s");
        out.line("for %s in range(%s):", s, positions);
        String now = value(at(gates, s));
        String state = value(at(states, s));
        String given = value("torch.addmm(%s, %s, %s, out=%s)", stateBias, state, transposed, at(ofStates, s));
        line("torch.sigmoid_(torch.add_(%s, %s))", gates(now, 0, 2), gates(given, 0, 2));
        line("torch.tanh_(torch.addcmul_(%s, %s, %s))", gate(now, 2), gate(now, 0), gate(given, 2));
        line(
                "torch.lerp(%s, %s, %s, out=%s)",
                gate(now, 2), state, gate(now, 1), at(states, "torch.add(" + s + ", 1)"));
        return pass(states, above, g -> gruBackward(g, gates, ofStates, states));
    }

    private Gates gruBackward(String g, String gates, String ofStates, String states) {
        String all = out.value("torch.empty_like(%s)", gates);
        String allOfStates = out.value("torch.empty_like(%s)", gates);
        String ofNext = out.fresh("h");
        out.line("%s = torch.zeros_like(%s)", ofNext, at(states, "0"));
        String r = out.fresh("s");
        out.line("for %s in range(%s):", r, positions);
        String s = value("torch.sub(torch.sub(%s, %s), 1)", positions, r);
        String now = value(at(gates, s));
        String given = value(at(ofStates, s));
        String back = value(at(all, s));
        String backState = value(at(allOfStates, s));
        String state = value("torch.add(%s, %s)", ofNext, at(g, s));
        String kept = value("torch.mul(%s, %s)", state, gate(now, 1));
        line(
                "torch.sigmoid_backward(torch.mul(%s, torch.sub(%s, %s)), %s, grad_input=%s)",
                state, at(states, s), gate(now, 2), gate(now, 1), gate(back, 1));
        line("torch.tanh_backward(torch.sub(%s, %s), %s, grad_input=%s)", state, kept, gate(now, 2), gate(back, 2));
        line(
                "torch.sigmoid_backward(torch.mul(%s, %s), %s, grad_input=%s)",
                gate(back, 2), gate(given, 2), gate(now, 0), gate(back, 0));
        line("torch.copy_(%s, %s)", gates(backState, 0, 2), gates(back, 0, 2));
        line("torch.mul(%s, %s, out=%s)", gate(back, 2), gate(now, 0), gate(backState, 2));
        out.line("  %s = torch.addmm(%s, %s, %s)", ofNext, kept, backState, ofState);
        return new Gates(all, allOfStates);
    }

    /**
     * Gradients at what goes into the gates, (positions, n, gates * units).
     *
     * @param ofInputs at what inputs give
     * @param ofStates at what states give; often the same
     */
    private record Gates(String ofInputs, String ofStates) {}

    /**
     * Puts a pass together.
     *
     * @param states before each position, and at the end
     * @param gates writes the way back to the gates, from the gradient at the states, one position after another
     */
    private LayerPass pass(String states, boolean above, Function<String, Gates> gates) {
        String y = out.value("torch.transpose(torch.narrow(%s, 0, 1, %s), 0, 1)", states, positions);
        return new LayerPass(
                y,
                g -> {
                    Gates back = gates.apply(out.value("torch.transpose(%s, 0, 1)", g));
                    boolean same = back.ofStates().equals(back.ofInputs());
                    String inputRows = out.value("torch.flatten(%s, 0, 1)", back.ofInputs());
                    String stateRows = same ? inputRows : out.value("torch.flatten(%s, 0, 1)", back.ofStates());
                    String below = above
                            ? out.value(
                                    "torch.transpose(torch.view(torch.mm(%1$s, %2$s), [%3$s, torch.size(%4$s, 0), "
                                            + "torch.size(%4$s, 2)]), 0, 1)",
                                    inputRows, ofInput, positions, x)
                            : g;
                    if (out.trains()) {
                        out.product(ofInput, inputRows, rows);
                        String before = out.value("torch.flatten(torch.narrow(%s, 0, 0, %s), 0, 1)", states, positions);
                        out.product(ofState, stateRows, before);
                        String sum = out.value("torch.sum(%s, [0])", inputRows);
                        out.gradient(inputBias, sum);
                        out.gradient(stateBias, same ? sum : out.value("torch.sum(%s, [0])", stateRows));
                    }
                    return below;
                },
                above || out.trains());
    }
}
