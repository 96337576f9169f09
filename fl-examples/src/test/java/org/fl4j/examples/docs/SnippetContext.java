package org.fl4j.examples.docs;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientSelector;
import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.message.ClientId;
import org.fl4j.model.LearningTask;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.random.Seed;
import org.fl4j.server.AsynchronousRules;
import org.fl4j.server.UpdateFilter;
import org.fl4j.simulation.RunResult;
import org.fl4j.world.World;

/** What a snippet may use without declaring it, because its name says what it is; compiled, never run. */
abstract class SnippetContext {
    protected LearningTask task;
    protected FederatedDataset data;
    protected Dataset dataset;
    protected Dataset digits;
    protected Partition partition;
    protected Examples train;
    protected Examples test;
    protected NDArray features;
    protected NDArray labels;
    protected NDManager manager;
    protected int classes;
    protected LocalTraining training;
    protected ClientSelector selector;
    protected UpdateFilter filter;
    protected Seed seed;
    protected int round;
    protected int rounds;
    protected int everyRounds;
    protected ClientId client;
    protected World world;
    protected double timeout;
    protected AsynchronousRules rules;
    protected ResourceProbe probe;
    protected Duration interval;
    protected CentralDp dp;
    protected double proved;
    protected RunResult result;
    protected Path directory;
    protected Path file;
    protected List<String> metrics;

    /** Stands for work that a program does. */
    protected void train() {}
}
