package org.fl4j.data;

import ai.djl.Device;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;

/**
 * The data of all clients. Any number of threads may ask at once.
 *
 * <p>To measure how a model serves clients on examples that it was not trained on, split the data, and hold some
 * clients out:
 *
 * <pre>{@code
 * LocalSplit split = data.split(0.2, seed); // of each client, a fifth of its examples is for evaluation
 * SimulationBuilder builder = Simulation.builder()
 *         .data(split.train().holdOut(10)) // ten clients never train
 *         .clientEvaluation(split.test(), 10);
 * }</pre>
 */
public interface FederatedDataset {
    /** Returns who holds data, and how many examples. */
    ClientDirectory clients();

    /**
     * Returns a client's examples on the device, always in the same order. Asked once for each training and each
     * evaluation of a client.
     *
     * <p>The two arrays of the result belong to the data set. They stay open until the data set closes them, so it may
     * keep them and return them again, or load them anew each time and close them in {@link #release}. Any other array
     * that is made during the call is freed when the call returns; {@link Examples#keep} saves those that must stay.
     */
    ClientExamples examples(ClientId client, Device device);

    /**
     * Says that a client's training or evaluation has ended and its examples are no longer read. A data set that loads
     * examples on demand calls {@code source.close()} here.
     *
     * <p>By default nothing happens, which is right for a data set that keeps its examples. Called once for each result
     * of {@link #examples}, also if the client failed.
     *
     * @param source the arrays that {@link #examples} returned
     */
    default void release(ClientId client, Examples source) {}

    /**
     * Returns a short text that differs where the data differ, which a checkpoint remembers so that a run is not
     * resumed on other data. By default it is empty: then the class and its settings are compared, and how many
     * examples each client has.
     */
    default String fingerprint() {
        return "";
    }

    /**
     * Splits the examples of each client into two parts: one to train on, one to evaluate on. Both parts are views,
     * and no example is copied.
     *
     * <p>A client of n examples has round({@code testShare} * n) for evaluation, at most n - 1: one that holds a
     * single example trains on it and has none for evaluation. Where labels are classes, each class has about that
     * share of its examples in the test part, and its last example stays in the train part as long as other examples
     * will do. The draw is the client's own: it follows from the seed's purpose {@code local test} and the client's
     * index. An example that a client holds twice counts as two.
     *
     * @param testShare in [0, 1)
     * @param seed where the random choice comes from, such as the run's
     * @throws IllegalArgumentException if the share is out of range
     */
    default LocalSplit split(double testShare, Seed seed) {
        return LocalSplitter.split(this, testShare, seed);
    }

    /**
     * Returns a view whose directory lacks the last clients, so that they are never selected. Their examples can
     * still be asked for: an algorithm that tunes the model on a client's own data before evaluation does so for them
     * too.
     *
     * @param count how many clients are held out, at least 0; at least one client must be left
     * @throws IllegalArgumentException if the count is out of range
     */
    default FederatedDataset holdOut(int count) {
        return count == 0 ? this : new HeldOutClients(this, count);
    }

    /**
     * Returns whether a client may hold an example here that it also holds in another data set: by default, whether
     * both are the same object. A view also asks what it is a view of. Metrics of clients that are evaluated on what
     * they train on say so in their names.
     */
    default boolean sharesExamplesWith(FederatedDataset other) {
        return this == other;
    }
}
