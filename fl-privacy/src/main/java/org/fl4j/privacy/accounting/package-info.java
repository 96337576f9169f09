/**
 * How much privacy a run costs. A {@link org.fl4j.privacy.accounting.PrivacyEvent} is a mechanism, how its clients were
 * sampled, and how often; a {@link org.fl4j.privacy.accounting.PrivacyAccountant} turns events into epsilon and delta.
 */
package org.fl4j.privacy.accounting;
