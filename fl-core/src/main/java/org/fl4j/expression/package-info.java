/**
 * Computations on tensors as values, which FL4J differentiates and compiles. Read {@link
 * org.fl4j.expression.Expression} first.
 */
package org.fl4j.expression;
