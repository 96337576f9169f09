package org.fl4j.expression;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.List;

/** What a node of an expression does to its operands: as TorchScript, on arrays, and its derivative. */
enum Operation {
    ADD("torch.add(%s, %s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].add(x[1]);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g, g);
        }
    },
    SUBTRACT("torch.sub(%s, %s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].sub(x[1]);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g, g.negated());
        }
    },
    MULTIPLY("torch.mul(%s, %s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].mul(x[1]);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.times(node.operand(1)), g.times(node.operand(0)));
        }
    },
    DIVIDE("torch.div(%s, %s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].div(x[1]);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            Expression first = g.dividedBy(node.operand(1));
            return List.of(first, first.times(node).negated());
        }
    },
    NEGATE("torch.neg(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].neg();
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.negated());
        }
    },
    EXP("torch.exp(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].exp();
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.times(node));
        }
    },
    LOG("torch.log(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].log();
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.dividedBy(node.operand(0)));
        }
    },
    SQRT("torch.sqrt(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].sqrt();
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.times(.5).dividedBy(node));
        }
    },
    ABSOLUTE("torch.abs(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].abs();
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.times(node.operand(0).sign()));
        }
    },
    RELU("torch.relu(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return Activation.relu(x[0]);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.times(node.sign()));
        }
    },
    SIGMOID("torch.sigmoid(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return Activation.sigmoid(x[0]);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.times(node.minus(node.times(node))));
        }
    },
    TANH("torch.tanh(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].tanh();
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g.minus(g.times(node.times(node))));
        }
    },
    LOG_SOFTMAX("torch.log_softmax(%s, 1, None)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].logSoftmax(1);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            Expression wide = g.asWideAs(node);
            return List.of(wide.minus(node.exp().times(wide.sum())));
        }
    },
    SUM("torch.sum(%s, [1], True)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].sum(new int[] {1}, /* keepDims= */ true);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            return List.of(g);
        }
    },
    /** The element of each row that a class names. */
    AT("torch.gather(torch.expand(%1$s, [torch.size(%2$s, 0), -1]), 1, torch.unsqueeze(%2$s, 1))") {
        @Override
        NDArray apply(NDArray... x) {
            return forEach(x[0], x[1]).gather(x[1].expandDims(1), 1);
        }

        @Override
        List<Expression> derivatives(Expression node, Expression g) {
            Expression classes = node.operand(1);
            return List.of(node.operand(0).oneHot(classes).times(g), classes);
        }
    },
    /** 1 at the class of each row and 0 elsewhere, as wide as the first operand. */
    ONE_HOT("torch.scatter(torch.zeros_like(torch.expand(%1$s, [torch.size(%2$s, 0), -1]), memory_format=0), 1, "
            + "torch.unsqueeze(%2$s, 1), 1.)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[1].oneHot(Math.toIntExact(x[0].getShape().get(1)));
        }
    },
    SIGN("torch.sign(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].sign();
        }
    },
    ONES("torch.ones_like(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].onesLike();
        }
    },
    /** The first operand, summed where it is larger than the second, from which it was repeated. */
    FIT("torch.sum_to_size(%s, torch.size(%s))") {
        @Override
        NDArray apply(NDArray... x) {
            NDArray fitted = x[0];
            for (int axis = 0; axis < 2; axis++) {
                if (x[1].getShape().get(axis) < fitted.getShape().get(axis)) {
                    fitted = fitted.sum(new int[] {axis}, /* keepDims= */ true);
                }
            }
            return fitted;
        }
    },
    /** How many elements a row has. */
    WIDTH("torch.size(%s, 1)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].getManager()
                    .full(new Shape(), (float) x[0].getShape().get(1), DataType.FLOAT32)
                    .toDevice(x[0].getDevice(), /* copy= */ false);
        }
    },
    /** The operand as it is, through which no gradient passes. */
    CONSTANT("torch.detach(%s)") {
        @Override
        NDArray apply(NDArray... x) {
            return x[0].stopGradient();
        }
    };

    /** One row for each class: those that are the same for all examples are repeated. */
    private static NDArray forEach(NDArray rows, NDArray classes) {
        return rows.broadcast(
                new Shape(classes.getShape().get(0), rows.getShape().get(1)));
    }

    private final String form;

    Operation(String form) {
        this.form = form;
    }

    /** The operation in TorchScript; a format of the operands' names. */
    String form() {
        return form;
    }

    abstract NDArray apply(NDArray... x);

    /** Returns whether gradients pass through. */
    boolean isDifferentiable() {
        return switch (this) {
            case ONE_HOT, SIGN, ONES, FIT, WIDTH, CONSTANT -> false;
            default -> true;
        };
    }

    /** Returns whether an element of the result is computed from one element of each operand. */
    boolean isElementwise() {
        return switch (this) {
            case LOG_SOFTMAX, SUM, AT, ONE_HOT, FIT, WIDTH -> false;
            default -> true;
        };
    }

    /**
     * Returns the gradient at each operand of a node; that at an operand that nothing depends on is not used.
     *
     * @param g the gradient at the node
     */
    List<Expression> derivatives(Expression node, Expression g) {
        throw new IllegalStateException("no gradient passes through " + this);
    }
}
