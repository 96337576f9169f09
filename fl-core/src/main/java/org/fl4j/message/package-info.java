/**
 * What travels between server and clients, and what is kept from round to round: values, without behaviour of their
 * own. A {@link org.fl4j.message.TrainingTask} goes down, a {@link org.fl4j.message.ModelUpdate} comes up; read {@link
 * org.fl4j.message.RoundPlan} first.
 */
package org.fl4j.message;
