package org.fl4j.message;

/** What updates of the library's clients say of their training. */
public final class TrainingFacts {
    /** The learning rate of the round. */
    public static final Fact<Double> LEARNING_RATE = Fact.ofSetting("train/learning rate");

    /** How many examples were seen: those of every epoch count. */
    public static final Fact<Long> EXAMPLES_SEEN = new Fact<>("train/examples seen", Long.class, Fact.Source.DATA);

    /** The mean loss of all examples seen, each in training mode before the step that it was used for. */
    public static final Fact<Double> LOSS = Fact.ofData("train/loss");

    /** The mean of the squares of these losses. */
    public static final Fact<Double> SQUARED_LOSS = Fact.ofData("train/squared loss");

    /** The mean of the squares of the losses of the last batch. */
    public static final Fact<Double> LAST_SQUARED_LOSS = Fact.ofData("train/last squared loss");

    /** The Euclidean norm of the update before it was clipped; known only where an update is clipped. */
    public static final Fact<Double> UPDATE_NORM = Fact.ofData("train/update norm");

    private TrainingFacts() {}
}
