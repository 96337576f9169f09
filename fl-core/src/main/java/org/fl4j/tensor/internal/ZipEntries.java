package org.fl4j.tensor.internal;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Reads all entries of a zip that {@code torch.jit.save} wrote. The sizes are in the zip's central directory: PyTorch
 * since 2.6 writes entries that a reader of the stream cannot delimit.
 */
public final class ZipEntries {
    /** How many bytes one byte of the file may hold. PyTorch packs its source text to about a third, and no tensors. */
    private static final long MOST_PACKED = 50;

    private static final long LARGEST = Integer.MAX_VALUE - (1 << 20); // bytes that fit into one array, with a margin

    private ZipEntries() {}

    /**
     * Returns the entries in the order of the file.
     *
     * @throws IllegalArgumentException if it is no zip, a damaged one, or one that unpacks to more than its size
     *     justifies
     * @throws UncheckedIOException if the file cannot be read
     */
    public static Map<String, byte[]> read(Path path) {
        try {
            long size = Files.size(path);
            try (ZipFile zip = new ZipFile(path.toFile())) {
                requireBounded(zip, size, path);
                Map<String, byte[]> entries = new LinkedHashMap<>();
                for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
                    ZipEntry entry = all.nextElement();
                    entries.put(entry.getName(), content(zip, entry, path));
                }
                return entries;
            }
        } catch (ZipException e) {
            throw new IllegalArgumentException(
                    "file must be a module saved by torch.jit.save, but it is not a whole zip (" + e.getMessage()
                            + "): " + path,
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds up the sizes that the directory declares, before memory is taken for any entry. */
    private static void requireBounded(ZipFile zip, long fileSize, Path path) {
        long most = Math.min(LARGEST, MOST_PACKED * fileSize);
        long total = 0;
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
            ZipEntry entry = all.nextElement();
            if (entry.getSize() < 0 || entry.getSize() > most - total) {
                throw invalid(
                        path,
                        "with entry " + entry.getName() + " it unpacks to more than the allowed " + most + " bytes");
            }
            total += entry.getSize();
        }
    }

    private static byte[] content(ZipFile zip, ZipEntry entry, Path path) throws IOException {
        byte[] content;
        try (InputStream in = zip.getInputStream(entry)) {
            content = in.readNBytes((int) entry.getSize());
        } catch (ZipException | EOFException e) {
            throw damaged(entry, path, e);
        }
        CRC32 checksum = new CRC32();
        checksum.update(content);
        if (content.length != entry.getSize() || checksum.getValue() != entry.getCrc()) {
            throw damaged(entry, path, null);
        }
        return content;
    }

    private static IllegalArgumentException damaged(ZipEntry entry, Path path, IOException cause) {
        return new IllegalArgumentException(
                "file must be a module saved by torch.jit.save, but its entry " + entry.getName() + " is damaged: "
                        + path,
                cause);
    }

    /** Writes an entry as it is, without compression. */
    public static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /** Returns what to throw for a file that is no saved module. */
    public static IllegalArgumentException invalid(Path path, String fault) {
        return new IllegalArgumentException(
                "file must be a module saved by torch.jit.save, but " + fault + ": " + path);
    }
}
