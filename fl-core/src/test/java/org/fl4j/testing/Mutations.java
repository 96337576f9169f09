package org.fl4j.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages a file in many ways, by a seed, and has each damaged copy read. */
public final class Mutations {
    /** How many damaged copies the default build reads. */
    public static final int FEW = 500;

    /** How many damaged copies of each file the long tests read: of all readers together, many times 20,000. */
    public static final int MANY = 4000;

    private static final byte[] ODD = {0, 1, -1, Byte.MAX_VALUE, Byte.MIN_VALUE, '{', '}', '[', ',', ':', '"', '-', '9'
    };

    private Mutations() {}

    /** Reads the damaged file. */
    @FunctionalInterface
    public interface Reading {
        /** Reads; must throw only what the reader documents. */
        void read() throws Exception;
    }

    /**
     * Has damaged copies of a file read, and writes the whole file back. Messages must name the file by its path, or one beside it
     * that it contradicts.
     *
     * @param documented the exceptions that the reader may throw; also an {@link Error} ends the test
     * @return how many copies were refused
     */
    public static int refused(Path file, int count, List<Class<? extends Exception>> documented, Reading reading)
            throws IOException {
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(17);
        int refused = 0;
        for (int i = 0; i < count; i++) {
            byte[] damaged = damaged(whole, random);
            Files.write(file, damaged);
            try {
                reading.read();
            } catch (Exception | Error e) {
                String message = String.valueOf(e.getMessage());
                boolean named = message.contains(String.valueOf(file.getParent()));
                if (!named || documented.stream().noneMatch(kind -> kind.isInstance(e))) {
                    Path kept = Files.write(Files.createTempFile("mutation", "-" + file.getFileName()), damaged);
                    throw new AssertionError("mutation " + i + ", kept as " + kept + ", gave " + e, e);
                }
                refused++;
            }
        }
        Files.write(file, whole);
        return refused;
    }

    /** Up to three of: other bits, odd bytes, a cut, a copy of a part, a part left out, a number changed. */
    private static byte[] damaged(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        for (int times = 1 + random.nextInt(3); times > 0 && bytes.length > 0; times--) {
            // half of the damage is done near the start, where headers are
            int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(300, bytes.length));
            int length = 1 + random.nextInt(Math.min(16, bytes.length - at));
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = ODD[random.nextInt(ODD.length)];
                case 2 -> bytes = Arrays.copyOf(bytes, at);
                case 3 -> bytes = spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
                case 4 -> bytes = spliced(bytes, at, at + length, new byte[0]);
                default -> otherDigit(bytes, at, random);
            }
        }
        return bytes;
    }

    private static byte[] spliced(byte[] bytes, int from, int to, byte[] part) {
        byte[] result = new byte[bytes.length - (to - from) + part.length];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(part, 0, result, from, part.length);
        System.arraycopy(bytes, to, result, from + part.length, bytes.length - to);
        return result;
    }

    private static void otherDigit(byte[] bytes, int from, Random random) {
        List<Integer> digits = new ArrayList<>();
        for (int i = from; i < Math.min(bytes.length, from + 200); i++) {
            if (bytes[i] >= '0' && bytes[i] <= '9') {
                digits.add(i);
            }
        }
        if (!digits.isEmpty()) {
            bytes[digits.get(random.nextInt(digits.size()))] = (byte) ('0' + random.nextInt(10));
        }
    }
}
