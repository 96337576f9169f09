package org.fl4j.privacy.local;

import org.fl4j.message.ClientId;
import org.fl4j.privacy.accounting.PrivacyEvent;

/**
 * One client's release.
 *
 * @param round in which the server saw it
 * @param client who
 * @param event what was released: mechanism, multiplier, sampling within the client, and how often
 * @param scale of the noise on each coordinate of what was released
 * @param epsilon what this release alone costs
 * @param epsilonSoFar what the client has spent with it
 */
public record PrivacyRecord(
        int round, ClientId client, PrivacyEvent event, double scale, double epsilon, double epsilonSoFar) {}
