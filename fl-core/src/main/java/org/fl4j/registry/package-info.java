/**
 * Strategies by name, for configuration files and command lines. A jar adds its own with a {@link
 * org.fl4j.registry.StrategyProvider} that {@link java.util.ServiceLoader} finds. Read {@link
 * org.fl4j.registry.StrategyRegistry} first.
 */
package org.fl4j.registry;
