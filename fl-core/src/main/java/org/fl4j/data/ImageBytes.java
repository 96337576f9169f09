package org.fl4j.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.fl4j.internal.Durable;

/**
 * The bytes of a plain or gzipped image file. A reader asks for as many bytes as the file's header declares, and then
 * calls {@link #end}: a gzipped file is unpacked by at most one byte more than was declared, and its checksum is always
 * verified.
 */
final class ImageBytes implements AutoCloseable {
    private static final int MOST_RATIO = 1032; // bytes that deflate makes of one byte, at most

    private final Path file;
    private final InputStream raw;
    private final InputStream in;
    private final long most;
    private long read;

    /**
     * Opens a file.
     *
     * @throws DatasetException if it cannot be read
     */
    ImageBytes(Path file) {
        this.file = file;
        InputStream opened = null;
        try {
            long size = Files.size(file);
            boolean packed = file.toString().endsWith(".gz");
            most = packed ? Math.multiplyExact(size, MOST_RATIO) : size;
            opened = new Whole(Files.newInputStream(file));
            raw = opened;
            in = packed ? new Unpacked(opened) : opened;
        } catch (IOException e) {
            DatasetException failure = failure(e);
            close(opened, failure);
            throw failure;
        }
    }

    /** Returns exactly {@code count} bytes; for more than the file can hold, before memory for them is requested. */
    byte[] read(long count, String what) {
        if (count > Integer.MAX_VALUE - 8) { // the largest array
            throw new DatasetException(file + ": " + what + " must take less than 2 GiB, but take " + count + " bytes");
        }
        if (count > most - read) {
            throw truncated(count, what, most - read);
        }
        try {
            byte[] bytes = in.readNBytes((int) count);
            read += bytes.length;
            if (bytes.length < count) {
                throw truncated(count, what, bytes.length);
            }
            return bytes;
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private DatasetException truncated(long count, String what, long left) {
        return new DatasetException(
                file + " is truncated: " + what + " must take " + count + " bytes, but " + left + " are left");
    }

    /** Returns the bytes up to the end, which must be at most {@code limit}. */
    byte[] readUpTo(int limit, String what) {
        try {
            byte[] bytes = in.readNBytes(limit);
            if (bytes.length == limit) {
                end(what);
            }
            return bytes;
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Requires that nothing is left; a gzipped file's checksum is verified on the way. */
    void end(String what) {
        try {
            if (in.read() >= 0 || (in instanceof Unpacked packed && packed.hasMoreInBuffer()) || raw.read() >= 0) {
                throw new DatasetException(file + " must end after " + what + ", but has more bytes");
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private DatasetException failure(IOException e) {
        return e instanceof EOFException
                ? new DatasetException(file + " is truncated: its compressed stream ends early", e)
                : new DatasetException("cannot read " + file + ": " + Durable.reason(e), e);
    }

    private static void close(InputStream raw, DatasetException failure) {
        if (raw != null) {
            try {
                raw.close();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Never looks for another gzip member beyond the unpacker's buffer: it would take bytes that {@link #end} has to
     * see.
     */
    private static final class Whole extends BufferedInputStream {
        Whole(InputStream in) {
            super(in);
        }

        @Override
        public synchronized int available() {
            return 0;
        }
    }

    /** Java's reader ignores what follows the checksum; this one shows it. */
    private static final class Unpacked extends GZIPInputStream {
        private static final int TRAILER = 8; // the checksum and the length, which the unpacker leaves in its buffer

        Unpacked(InputStream in) throws IOException {
            super(in);
        }

        boolean hasMoreInBuffer() {
            return inf.getRemaining() > TRAILER;
        }
    }
}
