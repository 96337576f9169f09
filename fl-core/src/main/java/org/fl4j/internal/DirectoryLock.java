package org.fl4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Holds a directory for one writer, until it is closed or the process ends, however it ends. */
public final class DirectoryLock implements AutoCloseable {
    private static final String FILE = "lock";
    private static final int ATTEMPTS = 10; // a command that looks whether a run goes on has the lock for an instant

    /** Those of this process: the system forgets all locks on a file when any of its channels is closed. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private DirectoryLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Makes the directory if it is not there, and holds it.
     *
     * @throws IllegalArgumentException if another writer holds it
     */
    public static DirectoryLock of(Path directory) {
        for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
            Optional<DirectoryLock> lock = tryLock(directory);
            if (lock.isPresent()) {
                return lock.get();
            }
            LockSupport.parkNanos(50_000_000);
        }
        return tryLock(directory)
                .orElseThrow(() -> new IllegalArgumentException(
                        "directory must not be in use by another run, but was " + directory));
    }

    /** Returns whether a writer, here or in another process, holds a directory. Writes nothing. */
    public static boolean isHeld(Path directory) {
        try {
            Path file = directory.toRealPath().resolve(FILE);
            if (HELD.contains(file)) {
                return true;
            }
            if (!Files.exists(file)) {
                return false;
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                return channel.tryLock(0, Long.MAX_VALUE, /* shared= */ true) == null;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at " + directory + ": " + Durable.reason(e), e);
        }
    }

    /** Makes the directory if it is not there, and holds it; returns nothing if another writer does. */
    public static Optional<DirectoryLock> tryLock(Path directory) {
        try {
            Files.createDirectories(directory);
            Path file = directory.toRealPath().resolve(FILE);
            if (!HELD.add(file)) {
                return Optional.empty();
            }
            FileChannel channel;
            try {
                channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            } catch (IOException e) {
                HELD.remove(file);
                throw e;
            }
            DirectoryLock lock = new DirectoryLock(file, channel);
            try {
                if (channel.tryLock() != null) {
                    return Optional.of(lock);
                }
            } catch (IOException e) {
                lock.close();
                throw e;
            }
            lock.close();
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot lock " + directory + ": " + Durable.reason(e), e);
        }
    }

    /** Does nothing; for compilers that warn of a resource that is only closed. */
    public void suppressNotUsedWarning() {}

    /**
     * Checks that the directory is still the one that is held: what is written to a removed directory is lost.
     *
     * @throws IllegalStateException if it was removed
     */
    public void requireThere() {
        if (!Files.exists(file)) {
            throw new IllegalStateException("directory must stay while a run writes to it, but " + file.getParent()
                    + " was removed, or its file " + FILE);
        }
    }

    @Override
    public void close() {
        try {
            channel.close(); // and with it the lock
        } catch (IOException e) {
            throw new UncheckedIOException("cannot release " + file + ": " + Durable.reason(e), e);
        } finally {
            HELD.remove(file);
        }
    }
}
