package org.fl4j.simulation;

import org.fl4j.internal.Check;

/**
 * A server of a run beside the composed one.
 *
 * @param layer where it stands
 * @param decorator makes it
 */
public record PlacedServer(ServerLayer layer, ServerDecorator decorator) {
    /** Checks for presence. */
    public PlacedServer {
        Check.present("layer", layer);
        Check.present("server", decorator);
    }
}
