package org.fl4j.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Writes to files that a crash of the machine does not undo. */
public final class Durable {
    private static final boolean DIRECTORIES_OPEN =
            !System.getProperty("os.name").startsWith("Windows");

    private Durable() {}

    /** Something that writes. */
    @FunctionalInterface
    public interface Write {
        /** Writes; may be asked again if an interrupt broke it off. */
        void run() throws IOException;
    }

    /** Writes to the end even if the thread is interrupted; the interrupt stays noted. */
    public static void uninterrupted(Write write) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    write.run();
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted = true;
                    Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Puts a finished file in another's place, at once and for good. */
    public static void replace(Path finished, Path file) throws IOException {
        Files.move(finished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(file.toAbsolutePath().getParent());
    }

    /** Writes a whole file in place of what is there, if anything is, at once and for good. */
    public static void write(Path file, byte[] content) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        try {
            uninterrupted(() -> {
                try (FileChannel channel = FileChannel.open(
                        partial,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
                    writeFully(channel, ByteBuffer.wrap(content));
                    channel.force(true);
                }
            });
            replace(partial, file);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /**
     * Appends to a file that exists, for good: all of it, or after an exception nothing.
     *
     * @throws java.nio.file.NoSuchFileException if the file was removed
     */
    public static void append(Path file, byte[] content) throws IOException {
        long before = Files.size(file);
        try {
            uninterrupted(() -> {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(before).position(before);
                    writeFully(channel, ByteBuffer.wrap(content));
                    channel.force(true);
                }
            });
        } catch (IOException e) {
            truncate(file, before, e);
            throw e;
        }
    }

    private static void truncate(Path file, long size, IOException failure) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        } catch (IOException second) {
            failure.addSuppressed(second);
        }
    }

    /** Writes all of a buffer. */
    public static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Forces the names in a directory to disk, where the system can. */
    public static void force(Path directory) throws IOException {
        if (opens(directory)) {
            uninterrupted(() -> {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            });
        }
    }

    private static boolean opens(Path directory) {
        return DIRECTORIES_OPEN && directory.getFileSystem().equals(FileSystems.getDefault());
    }

    /** Says why an operation on a file failed, for a message that names the file itself. */
    public static String reason(IOException failure) {
        if (failure instanceof FileSystemException named) {
            return named.getReason() == null ? words(named) : named.getReason();
        }
        return failure.getMessage() == null ? words(failure) : failure.getMessage();
    }

    /** Turns the name of a class into words: NoSuchFileException is "no such file". */
    private static String words(IOException failure) {
        String name = failure.getClass().getSimpleName().replaceFirst("Exception$", "");
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    }
}
