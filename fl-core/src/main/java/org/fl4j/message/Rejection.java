package org.fl4j.message;

/**
 * An update that was left out of a round's aggregate.
 *
 * @param client who sent it
 * @param reason what kind of fault
 * @param detail the rule and the value
 */
public record Rejection(ClientId client, RejectionReason reason, String detail) {}
