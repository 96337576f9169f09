/**
 * The server. Read {@link org.fl4j.server.ComposedServer}: it is composed of a selector, an aggregator and a server
 * optimizer, and validates every update before it counts.
 */
package org.fl4j.server;
