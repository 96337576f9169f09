/**
 * What is learned. Read {@link org.fl4j.model.LearningTask} first: an architecture, a loss and metrics;
 * {@link org.fl4j.model.Models} has ready ones. {@link org.fl4j.model.FederatedModel} is a task made concrete for a
 * run, and {@link org.fl4j.model.LocalModel} one worker's copy of its parameters.
 */
package org.fl4j.model;
