/**
 * What the machine has left: {@link org.fl4j.monitoring.ResourceProbe} looks once,
 * {@link org.fl4j.monitoring.ResourceMonitor} keeps looking, {@link org.fl4j.monitoring.AdaptationRule} says what
 * training makes of it. Read {@link org.fl4j.monitoring.ResourceUsage} first.
 */
package org.fl4j.monitoring;
