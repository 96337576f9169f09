package org.fl4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A folder into which native libraries are unpacked before they are loaded. The messages of those who unpack name
 * neither the folder nor how to move it.
 *
 * @param library whose folder it is, such as {@code PyTorch}
 * @param path the folder
 * @param setting what moves it, such as {@code the system property DJL_CACHE_DIR}
 */
public record UnpackFolder(String library, Path path, String setting) {
    /** Returns why no file can be written to it, if none can; makes the folder if it is missing. */
    public Optional<IllegalStateException> unwritable() {
        try {
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, "fl4j", ".tmp"));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(failure("one that can be written to", e));
        }
    }

    /** Returns the exception for libraries that were written to it but cannot be loaded from it. */
    public IllegalStateException unloadable(Throwable cause) {
        return failure("one from which libraries can be loaded (not mounted with noexec)", cause);
    }

    private IllegalStateException failure(String rule, Throwable cause) {
        return new IllegalStateException(
                "folder for the native libraries of " + library + " must be " + rule + ", but was " + path + " ("
                        + cause + "). Set " + setting + " to another folder.",
                cause);
    }
}
