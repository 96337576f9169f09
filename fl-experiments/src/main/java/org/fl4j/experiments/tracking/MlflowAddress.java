package org.fl4j.experiments.tracking;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;
import org.fl4j.internal.Check;

/**
 * The address of a tracking server. It is shown and stored, so it must hold no password, and what is refused is shown
 * without one.
 */
final class MlflowAddress {
    private static final Pattern USER = Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*:/*)?.*@", Pattern.DOTALL);
    private static final int MOST_PORT = 65_535;

    private MlflowAddress() {}

    static URI parse(String url) {
        try {
            return check(new URI(Check.present("server", url)));
        } catch (URISyntaxException e) {
            // Without the cause: its message has the whole text.
            throw new IllegalArgumentException(
                    "server must be a URL such as http://localhost:5000, but was " + withoutUser(url));
        }
    }

    static URI check(URI server) {
        String scheme = String.valueOf(Check.present("server", server).getScheme());
        String shown = withoutUser(server.toString());
        Check.that(
                server.getRawUserInfo() == null,
                "server",
                "a URL without user name and password, because it is shown and stored (MLFLOW_TRACKING_TOKEN can have a"
                        + " token)",
                shown);
        Check.that(
                scheme.matches("(?i)https?") && server.getHost() != null,
                "server",
                "a URL such as http://localhost:5000",
                shown);
        Check.that(
                server.getRawQuery() == null && server.getRawFragment() == null,
                "server",
                "a URL without ? and #",
                server.getScheme() + "://" + server.getRawAuthority() + server.getRawPath());
        Check.that(
                server.getPort() == -1 || (server.getPort() > 0 && server.getPort() <= MOST_PORT),
                "server",
                "a URL with a port in [1, " + MOST_PORT + "]",
                shown);
        return server;
    }

    private static String withoutUser(String url) {
        return USER.matcher(url).replaceFirst("$1***@");
    }
}
