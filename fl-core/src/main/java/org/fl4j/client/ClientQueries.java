package org.fl4j.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.registry.StrategyRegistry;

/** Queries by their names, each made once. */
final class ClientQueries {
    private static final Map<String, ClientQuery> KNOWN = new ConcurrentHashMap<>();

    private ClientQueries() {}

    /**
     * Returns a query.
     *
     * @throws IllegalArgumentException if there is none of that name; the message lists those that are
     */
    static ClientQuery named(String name) {
        return KNOWN.computeIfAbsent(name, line -> StrategyRegistry.load().parse(ClientQuery.class, line));
    }
}
