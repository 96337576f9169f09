package org.fl4j.simulation;

import org.fl4j.message.ClientId;

/**
 * A client that threw in a round that went on without it.
 *
 * @param client who
 * @param error the exception's type and message
 */
public record ClientFailure(ClientId client, String error) {}
