package org.fl4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.fl4j.fixture.Mutations;
import org.fl4j.fixture.RealData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadersTest {
    private static final int IMAGES = 3;

    @TempDir
    Path directory;

    @BeforeEach
    void writeSmallMnist() throws IOException {
        for (String split : new String[] {"train", "t10k"}) {
            Files.write(directory.resolve(split + "-images-idx3-ubyte"), images(0x803, IMAGES));
            Files.write(directory.resolve(split + "-labels-idx1-ubyte"), labels(0x801, 7, 0, 9));
        }
    }

    private static byte[] images(int magic, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + count * 784);
        bytes.putInt(magic).putInt(count).putInt(28).putInt(28);
        for (int i = 0; bytes.hasRemaining(); i++) {
            bytes.put((byte) (i % 256));
        }
        return bytes.array();
    }

    private static byte[] labels(int magic, int... labels) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + labels.length).putInt(magic).putInt(labels.length);
        for (int label : labels) {
            bytes.put((byte) label);
        }
        return bytes.array();
    }

    private Path replace(String name, byte[] content) throws IOException {
        return Files.write(directory.resolve(name), content);
    }

    @Test
    void readsPlainIdxFiles() {
        try (Dataset dataset = MnistReader.read(directory)) {
            assertThat(dataset.train().features().getShape()).isEqualTo(new Shape(IMAGES, 1, 28, 28));
            assertThat(dataset.train().classIndices()).containsExactly(7, 0, 9);
            float[] pixels = dataset.train().features().toFloatArray();
            assertThat(pixels[1]).isEqualTo(1 / 255f);
            assertThat(pixels[255]).isEqualTo(1f);
            assertThat(pixels[784]).isEqualTo(784 % 256 / 255f);
        }
    }

    @Test
    void readsGzippedIdxFiles() throws IOException {
        Path plain = directory.resolve("train-images-idx3-ubyte");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(Files.readAllBytes(plain));
        }
        Files.delete(plain);
        replace("train-images-idx3-ubyte.gz", packed.toByteArray());
        try (Dataset dataset = MnistReader.read(directory)) {
            assertThat(dataset.train().count()).isEqualTo(IMAGES);
        }
    }

    @Test
    void namesADirectoryThatIsNotThere() {
        Path missing = directory.resolve("nowhere");
        assertThatThrownBy(() -> MnistReader.read(missing))
                .isInstanceOf(DatasetException.class)
                .hasMessage("data directory must exist, but there is no directory " + missing);
        assertThatThrownBy(() -> CifarReader.read(missing))
                .hasMessage("data directory must exist, but there is no directory " + missing);
    }

    @Test
    void listsTheNamesOfAFileThatIsNotThere() throws IOException {
        Files.delete(directory.resolve("t10k-labels-idx1-ubyte"));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage("directory " + directory + " must hold one of [t10k-labels-idx1-ubyte,"
                        + " t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz],"
                        + " but has none");
    }

    @Test
    void saysWhereAnIdxFileIsTruncated() throws IOException {
        Path file = replace("train-images-idx3-ubyte", Arrays.copyOf(images(0x803, IMAGES), 2000));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + " is truncated: 3 images must take 2352 bytes, but 1984 are left");
        replace("train-images-idx3-ubyte", new byte[10]);
        assertThatThrownBy(() -> MnistReader.read(directory))
                .hasMessage(file + " is truncated: the header must take 16 bytes, but 10 are left");
    }

    @Test
    void saysThatACompressedFileEndsEarly() throws IOException {
        Files.delete(directory.resolve("train-images-idx3-ubyte"));
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(images(0x803, IMAGES));
        }
        byte[] bytes = packed.toByteArray();
        Path file = replace("train-images-idx3-ubyte.gz", Arrays.copyOf(bytes, bytes.length - 20));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + " is truncated: its compressed stream ends early");
    }

    @Test
    void refusesAWrongMagicNumber() throws IOException {
        Path file = replace("train-labels-idx1-ubyte", labels(0x803, 1, 2, 3));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + ": magic number must be 0x00000801, but was 0x00000803");
    }

    @Test
    void refusesALabelThatIsNoClass() throws IOException {
        Path file = replace("train-labels-idx1-ubyte", labels(0x801, 1, 10, 3));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + ": label 1 must be in [0, 9], but was 10");
    }

    @Test
    void refusesImagesAndLabelsOfDifferentNumber() throws IOException {
        Path file = replace("train-labels-idx1-ubyte", labels(0x801, 1, 2));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + " must hold 3 labels, but holds 2");
    }

    private void writeSmallCifar(int label) throws IOException {
        for (int batch = 1; batch <= 6; batch++) {
            byte[] records = new byte[2 * 3073];
            records[0] = (byte) label;
            records[3073] = 4;
            records[1] = (byte) 255;
            records[3074] = (byte) 51;
            replace(batch == 6 ? "test_batch.bin" : "data_batch_" + batch + ".bin", records);
        }
    }

    @Test
    void readsCifarBatches() throws IOException {
        writeSmallCifar(3);
        try (Dataset dataset = CifarReader.read(directory)) {
            assertThat(dataset.train().features().getShape()).isEqualTo(new Shape(10, 3, 32, 32));
            assertThat(dataset.test().classIndices()).containsExactly(3, 4);
            float[] pixels = dataset.test().features().toFloatArray();
            assertThat(pixels[0]).isEqualTo(1);
            assertThat(pixels[3072]).isEqualTo(.2f);
        }
    }

    @Test
    void refusesBrokenCifarFiles() throws IOException {
        writeSmallCifar(11);
        Path file = directory.resolve("data_batch_1.bin");
        assertThatThrownBy(() -> CifarReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + ": label 0 must be in [0, 9], but was 11");
        Files.write(file, new byte[5000]);
        assertThatThrownBy(() -> CifarReader.read(directory))
                .hasMessage(file + " is truncated: its length must be a multiple of 3073 bytes, but was 5000");
    }

    @Test
    void standardisesChannelsByTheTrainingSplit() throws IOException {
        writeSmallCifar(3);
        try (Dataset dataset = CifarReader.read(directory).standardised()) {
            var channel = dataset.train().features().get(":, 0");
            assertThat(channel.mean().getFloat()).isCloseTo(0, within(1e-5f));
            assertThat(channel.square().mean().getFloat()).isCloseTo(1, within(1e-4f));
        }
    }

    private static byte[] gzipped(byte[] plain) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(plain);
        }
        return packed.toByteArray();
    }

    /** Replaces the plain labels by gzipped ones. */
    private Path packedLabels(byte[] packed) throws IOException {
        Files.deleteIfExists(directory.resolve("train-labels-idx1-ubyte"));
        return replace("train-labels-idx1-ubyte.gz", packed);
    }

    @Test
    void verifiesTheChecksumOfAGzippedFile() throws IOException {
        byte[] packed = gzipped(labels(0x801, 7, 0, 9));
        packed[packed.length - 8] ^= 1;
        Path file = packedLabels(packed);
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage("cannot read " + file + ": Corrupt GZIP trailer");
        packedLabels(Arrays.copyOf(gzipped(labels(0x801, 7, 0, 9)), packed.length - 4));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(file + " is truncated: its compressed stream ends early");
    }

    @Test
    void refusesBytesThatAreLeftOver() throws IOException {
        String more = " must end after 3 labels, but has more bytes";
        Path plain = replace("train-labels-idx1-ubyte", Arrays.copyOf(labels(0x801, 7, 0, 9), 12));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(plain + more);
        Path within = packedLabels(gzipped(Arrays.copyOf(labels(0x801, 7, 0, 9), 12)));
        assertThatThrownBy(() -> MnistReader.read(directory)).hasMessage(within + more);
        byte[] packed = gzipped(labels(0x801, 7, 0, 9));
        for (int left : new int[] {1, 30, 10_000}) {
            Path after = packedLabels(Arrays.copyOf(packed, packed.length + left));
            assertThatThrownBy(() -> MnistReader.read(directory)).hasMessage(after + more);
        }
    }

    /** Dimensions whose product is 0 in 64 bits, and such as the file cannot hold, cost no memory. */
    @Test
    void refusesDimensionsThatOverflowOrAreNotInTheFile() throws IOException {
        byte[] overflowing = images(0x803, IMAGES);
        ByteBuffer.wrap(overflowing).putInt(4, 4).putInt(8, 1 << 30).putInt(12, 1 << 30);
        Path file = replace("train-images-idx3-ubyte", overflowing);
        assertThatThrownBy(() -> MnistReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(
                        file + " must hold up to 2 GiB of images, but its header says 4 of 1073741824 x 1073741824");
        byte[] large = images(0x803, IMAGES);
        ByteBuffer.wrap(large).putInt(8, 20_000).putInt(12, 30_000);
        replace("train-images-idx3-ubyte", large);
        assertThatThrownBy(() -> MnistReader.read(directory))
                .hasMessage(file + " is truncated: 3 images must take 1800000000 bytes, but 2352 are left");
    }

    private static byte[] bomb(byte[] start) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(start);
            for (int i = 0; i < 300; i++) {
                gzip.write(new byte[1_000_000]);
            }
        }
        return packed.toByteArray();
    }

    /** 300 MB of zeros in 300 kB, where the header declares three labels. */
    @Test
    void unpacksNoMoreThanTheHeaderDeclares() throws IOException {
        Path file = packedLabels(bomb(labels(0x801, 7, 0, 9)));
        assertThatThrownBy(() -> MnistReader.read(directory))
                .hasMessage(file + " must end after 3 labels, but has more bytes");
        writeSmallCifar(3);
        Files.delete(directory.resolve("test_batch.bin"));
        Path batch = replace("test_batch.bin.gz", bomb(new byte[0]));
        assertThatThrownBy(() -> CifarReader.read(directory))
                .isInstanceOf(DatasetException.class)
                .hasMessage(batch + " must end after 20000 images, but has more bytes");
    }

    @Test
    void readsSetsOfOtherNumbersOfClasses() throws IOException {
        replace("train-labels-idx1-ubyte", labels(0x801, 1, 26, 3));
        try (Dataset letters = MnistReader.read(directory, /* classCount= */ 27)) {
            assertThat(letters.classCount()).isEqualTo(27);
            assertThat(letters.train().classIndices()).containsExactly(1, 26, 3);
        }
        assertThatThrownBy(() -> MnistReader.read(directory, /* classCount= */ 26))
                .isInstanceOf(DatasetException.class)
                .hasMessage(directory.resolve("train-labels-idx1-ubyte") + ": label 1 must be in [0, 25], but was 26");
    }

    @Test
    void aChannelWithoutVarianceBecomesZero() throws IOException {
        writeSmallCifar(3);
        for (int batch = 1; batch <= 5; batch++) {
            byte[] records = new byte[2 * 3073];
            for (int record = 0; record < 2; record++) {
                Arrays.fill(records, record * 3073 + 2049, (record + 1) * 3073, (byte) 77);
                records[record * 3073 + 1] = (byte) (100 * record + batch);
                records[record * 3073 + 1025] = (byte) (50 * record + batch);
            }
            replace("data_batch_" + batch + ".bin", records);
        }
        try (Dataset dataset = CifarReader.read(directory).standardised()) {
            assertThat(dataset.train().features().get(":, 2").abs().max().getFloat())
                    .isZero();
            assertThat(dataset.test().features().get(":, 2").abs().max().getFloat())
                    .isZero();
            assertThat(dataset.train().features().get(":, :2").square().mean().getFloat())
                    .isCloseTo(1, within(1e-4f));
            assertThat(dataset.test().features().isNaN().any().getBoolean()).isFalse();
        }
    }

    @Test
    void damagedFilesGiveNothingButADatasetException() throws IOException {
        readDamaged(Mutations.FEW);
    }

    @Test
    @Tag("long")
    void manyDamagedFilesGiveNothingButADatasetException() throws IOException {
        readDamaged(Mutations.MANY);
    }

    private void readDamaged(int count) throws IOException {
        Path labels = packedLabels(gzipped(labels(0x801, 7, 0, 9)));
        assertThat(refused(directory.resolve("train-images-idx3-ubyte"), count)).isGreaterThan(count / 3);
        assertThat(refused(labels, count)).isGreaterThan(count / 2);
        writeSmallCifar(3);
        for (int batch = 1; batch <= 5; batch++) {
            Path plain = directory.resolve("data_batch_" + batch + ".bin");
            replace("data_batch_" + batch + ".bin.gz", gzipped(Files.readAllBytes(plain)));
            Files.delete(plain);
        }
        for (Path batch : List.of(directory.resolve("data_batch_1.bin.gz"), directory.resolve("test_batch.bin"))) {
            Mutations.refused(
                    batch,
                    count,
                    List.of(DatasetException.class),
                    () -> CifarReader.read(directory).close());
        }
    }

    private int refused(Path file, int count) throws IOException {
        return Mutations.refused(
                file,
                count,
                List.of(DatasetException.class),
                () -> MnistReader.read(directory).close());
    }

    @Test
    void readsTheRealMnist() {
        try (Dataset mnist = MnistReader.read(RealData.directory("mnist"))) {
            assertThat(mnist.train().count()).isEqualTo(60_000);
            assertThat(mnist.test().count()).isEqualTo(10_000);
            assertThat(Arrays.copyOf(mnist.train().classIndices(), 5)).containsExactly(5, 0, 4, 1, 9);
            assertThat(mnist.train().features().mean().getFloat()).isCloseTo(.1307f, within(1e-4f));
        }
    }
}
