package org.fl4j.tensor.internal;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The LSTM of oneDNN, which libtorch has for CPUs of most kinds: all positions in one call, forwards and backwards. */
final class OneDnnLstm {
    private static final Logger LOG = LoggerFactory.getLogger(OneDnnLstm.class);
    private static final int LSTM = 2; // mode of the operation

    private OneDnnLstm() {}

    /** Whether libtorch has it on this machine; asked once, when the first LSTM is compiled. */
    private static final class Holder {
        static final boolean AVAILABLE = probe();

        private static boolean probe() {
            try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
                TorchScript script = TorchScript.compile(manager, """
                          def one(self: __torch__.Program, x: Tensor, w: Tensor, b: Tensor, h: Tensor) -> NoneType:
                            none = annotate(List[int], [])
                            e = torch.set_grad_enabled(True)
                            y = torch.mkldnn_rnn_layer(x, w, w, b, b, h, h, False, none, 2, 1, 1, True, False, False,
                                True)
                            g = torch.mkldnn_rnn_layer_backward(x, w, w, b, b, h, h, (y)[0], (y)[1], (y)[2], (y)[0],
                                None, None, False, 2, 1, 1, True, True, False, none, False, (y)[3])
                            return None
                        """);
                NDArray x = manager.zeros(new Shape(1, 1, 1));
                script.run("one", x, manager.zeros(new Shape(4, 1)), manager.zeros(new Shape(4)), x.get(0));
                return true;
            } catch (EngineException e) { // an operation that this build of libtorch has not
                LOG.info(
                        "LSTMs train by a loop over positions, for libtorch has none of oneDNN here: {}", e.toString());
                return false;
            }
        }
    }

    static boolean isAvailable() {
        return Holder.AVAILABLE;
    }

    /** (n, positions, features) to (n, positions, units); parameters are those of {@link RecurrentForms#lstm}. */
    static LayerPass write(LayerWriter out, int units, String x, boolean above) {
        String[] parameters = {out.parameter(), out.parameter(), out.parameter(), out.parameter()};
        String weights = String.join(", ", parameters);
        String input = out.value("torch.contiguous(torch.transpose(%s, 0, 1))", x);
        String zeros = out.value("torch.new_zeros(%1$s, [torch.size(%1$s, 0), %2$d])", x, units);
        String none = out.value("annotate(List[int], [])");
        String before = out.value("torch.is_grad_enabled()");
        out.effect("torch.set_grad_enabled(True)"); // or it keeps nothing for the way back
        String all = out.value(
                "torch.mkldnn_rnn_layer(%1$s, %2$s, %3$s, %3$s, False, %4$s, %5$d, %6$d, 1, True, False, False, True)",
                input, weights, zeros, none, LSTM, units);
        out.effect("torch.set_grad_enabled(%s)", before);
        String y = out.value("torch.transpose((%s)[0], 0, 1)", all);
        return new LayerPass(
                y,
                g -> {
                    String back = out.value(
                            "torch.mkldnn_rnn_layer_backward(%1$s, %2$s, %3$s, %3$s, (%4$s)[0], (%4$s)[1], (%4$s)[2], "
                                    + "torch.contiguous(torch.transpose(%5$s, 0, 1)), None, None, False, %6$d, %7$d, "
                                    + "1, True, True, False, %8$s, False, (%4$s)[3])",
                            input, weights, zeros, all, g, LSTM, units, none);
                    if (out.trains()) {
                        for (int i = 0; i < parameters.length; i++) {
                            out.gradient(parameters[i], String.format(Locale.ROOT, "(%s)[%d]", back, i + 1));
                        }
                    }
                    return above ? out.value("torch.transpose((%s)[0], 0, 1)", back) : g;
                },
                above || out.trains());
    }
}
