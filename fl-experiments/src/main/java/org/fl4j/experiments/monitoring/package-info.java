/** What this machine has left: {@link org.fl4j.experiments.monitoring.SystemProbe}. */
package org.fl4j.experiments.monitoring;
