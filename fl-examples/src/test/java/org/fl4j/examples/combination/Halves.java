package org.fl4j.examples.combination;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What shows that a part worked, on the server and on clients.
 *
 * @param server nothing if the part has no half of its own there
 * @param clients nothing if the part has no half of its own there
 */
record Halves(Optional<Observable> server, Optional<Observable> clients) {
    static Halves of(Observable server, Observable clients) {
        return new Halves(Optional.of(server), Optional.of(clients));
    }

    static Halves onServer(Observable server) {
        return new Halves(Optional.of(server), Optional.empty());
    }

    static Halves onClients(Observable clients) {
        return new Halves(Optional.empty(), Optional.of(clients));
    }

    /** Returns those that there are. */
    List<Observable> all() {
        return Stream.of(server, clients).flatMap(Optional::stream).toList();
    }
}
