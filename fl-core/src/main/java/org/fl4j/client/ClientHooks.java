package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import org.fl4j.expression.Expression;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.ParameterVector;

/** What a subclass of {@link SgdClient} may override; what each does by default needs no client. */
abstract class ClientHooks {
    /** For subclasses. */
    ClientHooks() {}

    /** Hook: called once, when the received model is loaded and before the first step. */
    protected void beforeTraining(TrainingTask task, LocalModel model) {}

    /**
     * Hook: returns what a proximal term pulls to, in the training of the round: float32, shape (trainableCount), not
     * changed while the client trains. By default the received parameters. Called after {@link #beforeTraining}.
     */
    protected NDArray anchor(ParameterVector received) {
        return received.trainable();
    }

    /**
     * Hook: returns the loss of each example as an {@link Expression} with one value a row, whose mean is minimised. It
     * compiles with the rest of local training, once for each loss of a run: numbers that change from client to client
     * or round to round belong into {@link Expression#tensor}. Asked for several times a training, so return what was
     * made once. By default nothing: the task's loss is minimised.
     */
    protected Optional<Expression> loss() {
        return Optional.empty();
    }

    /**
     * Hook: returns what to add to the gradient of each step, as an {@link Expression} of {@link
     * Expression#parameters}, {@link Expression#received} and tensors, with one value a parameter. It is part of the
     * compiled program, where {@link #afterBackward} costs a call and passes over the parameters for each step. It is
     * added before the proximal term, gradient clipping and the optimizer's step. The gradient of {@code mu / 2 |w -
     * received|^2} is {@code parameters().minus(received()).times(mu)}. Numbers that change from client to client or
     * round to round belong into {@link Expression#tensor}. By default nothing.
     */
    protected Optional<Expression> gradientTerm() {
        return Optional.empty();
    }

    /**
     * Hook: returns the tensors that {@link #loss} and {@link #gradientTerm} read, by their names: float32, in the open
     * scope, on the worker's device. Called before each training of a client that has examples, when the local model
     * holds the parameters that it begins with. By default none.
     */
    protected Map<String, NDArray> lossTensors(TrainingTask task, LocalModel model) {
        return Map.of();
    }

    /**
     * Hook: returns what to add to the gradient of every step of this training, such as the difference of SCAFFOLD's
     * control variates: float32, shape (trainableCount), on the worker's device. By default nothing. Works on all
     * paths.
     */
    protected Optional<NDArray> gradientCorrection(TrainingTask task) {
        return Optional.empty();
    }

    /**
     * Hook: called after each backward pass, with the correction added, and before gradient clipping and the
     * optimizer's step.
     */
    protected void afterBackward(LocalStep step) {}

    /** Hook: called once, after the last step and before the update is taken. */
    protected void afterTraining(TrainingTask task, LocalModel model) {}

    /** Hook: called when the received model is loaded and before it is evaluated. */
    protected void beforeEvaluation(TrainingTask task, LocalModel model) {}

    /** Hook: returns the update to send: as it is by default, or with attachments and further metrics. */
    protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
        return update;
    }
}
