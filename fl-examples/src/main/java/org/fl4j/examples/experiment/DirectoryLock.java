package org.fl4j.examples.experiment;

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

/** Holds a directory for one process, until it is closed or the process ends, however it ends. */
public final class DirectoryLock implements AutoCloseable {
    /** Those of this process: the system forgets all locks on a file when any of its channels is closed. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private DirectoryLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Asks so many times, with a twentieth of a second between, and returns nothing if another has it. */
    static Optional<DirectoryLock> tryLock(Path directory, int attempts) {
        for (int attempt = 1; attempt < attempts; attempt++) {
            Optional<DirectoryLock> lock = tryLock(directory);
            if (lock.isPresent()) {
                return lock;
            }
            LockSupport.parkNanos(50_000_000);
        }
        return tryLock(directory);
    }

    /** Returns nothing if another has it. */
    public static Optional<DirectoryLock> tryLock(Path directory) {
        try {
            Files.createDirectories(directory);
            Path file = directory.toRealPath().resolve("lock");
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
            throw new UncheckedIOException("cannot lock " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Does nothing; for compilers that warn of a resource that is only closed. */
    void suppressNotUsedWarning() {}

    @Override
    public void close() {
        try {
            channel.close(); // and with it the lock
        } catch (IOException e) {
            throw new UncheckedIOException("cannot release " + file + ": " + e.getMessage(), e);
        } finally {
            HELD.remove(file);
        }
    }
}
