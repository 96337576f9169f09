package org.fl4j.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.fixture.Mutations;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorldTest {
    private static final AvailabilityTrace TRACE =
            new AvailabilityTrace(new double[] {1, 3, 6, 9}, new double[] {1, 4, 7, 10}, 10);

    @TempDir
    Path directory;

    /** FedScale's own test: a second of inference is three of training, a kilobit takes a second at 1 kbit/s. */
    @Test
    void completionTimeIsFedScales() {
        DeviceProfile slow = DeviceProfile.ofFedScale(1000, 1);
        assertThat(slow.seconds(new Workload(0, 0, 1))).isEqualTo(3);
        assertThat(slow.seconds(new Workload(128, 128, 0))).isEqualTo(2);
        assertThat(slow.seconds(new Workload(128, 128, 20))).isEqualTo(62);
    }

    /** FedScale's own test; its answers depend on the order in which it is asked, these do not. */
    @Test
    void tracesAnswerInAnyOrder() {
        double[] times = {2, 6, 8, 9, 10, 15};
        boolean[] expected = {false, true, false, true, false, false};
        for (int i = 0; i < times.length; i++) {
            assertThat(TRACE.isAvailable(times[i])).as("at " + times[i]).isEqualTo(expected[i]);
        }
        for (int i = times.length - 1; i >= 0; i--) {
            assertThat(TRACE.isAvailable(times[i])).as("at " + times[i]).isEqualTo(expected[i]);
            assertThat(TRACE.isAvailable(times[i])).isEqualTo(expected[i]);
        }
        assertThat(TRACE.isAvailable(1)).isTrue();
        assertThat(TRACE.isAvailable(0)).isFalse();
        assertThat(TRACE.isAvailable(1_000_003.5)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "2,1; 3,2; 10; active time 1 must be at least 0 and the end before it, but was 1.0",
                "1; 2,3; 10; inactive times must be as many as active, 1, but was 2",
                "1; 11; 10; inactive time 0 must be at least its active time and at most the period, 10.0, but was"
                        + " 11.0",
                "1; 2; 0; period must be positive and finite, but was 0.0"
            })
    void badTracesAreRefused(String active, String inactive, double period, String message) {
        assertThatThrownBy(() -> new AvailabilityTrace(numbers(active), numbers(inactive), period))
                .hasMessage(message);
    }

    private static double[] numbers(String text) {
        return List.of(text.split(",", -1)).stream()
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** Logarithms have median and spread as asked, at six standard errors; nothing changes from call to call. */
    @Test
    void devicesAreLogNormal() {
        LogNormalDevices devices = new LogNormalDevices(new Seed(3), new DeviceProfile(.02, 1e6, 2e5), .5, 1.5);
        int n = 20_000;
        double sum = 0;
        double square = 0;
        double bandwidth = 0;
        for (int i = 0; i < n; i++) {
            DeviceProfile profile = devices.profile(new ClientId(i));
            double log = Math.log(profile.secondsPerExample() / .02);
            sum += log;
            square += log * log;
            bandwidth += Math.pow(Math.log(profile.upBytesPerSecond() / 2e5), 2);
            assertThat(profile.downBytesPerSecond() / profile.upBytesPerSecond())
                    .isCloseTo(5, within(1e-9));
        }
        assertThat(sum / n).isCloseTo(0, within(6 * .5 / Math.sqrt(n)));
        assertThat(square / n).isCloseTo(.25, within(6 * .25 * Math.sqrt(2.0 / n)));
        assertThat(bandwidth / n).isCloseTo(2.25, within(6 * 2.25 * Math.sqrt(2.0 / n)));
        assertThat(devices.profile(new ClientId(7))).isEqualTo(devices.profile(new ClientId(7)));
    }

    /** A third of clients at any time, for eight of 24 hours in 24 zones, and each client for one stretch a day. */
    @Test
    void daysAndNightsGoAroundTheWorld() {
        DiurnalAvailability nights = new DiurnalAvailability(new Seed(3), 24, 8, 0);
        for (double hour : new double[] {0, 5.5, 13, 47}) {
            int there = 0;
            for (int client = 0; client < 9000; client++) {
                there += nights.isAvailable(client, hour * 3600) ? 1 : 0;
            }
            assertThat(there / 9000.0).isCloseTo(1 / 3.0, within(6 * Math.sqrt(2 / 9.0 / 9000)));
        }
        int changes = 0;
        int minutes = 0;
        for (int minute = 0; minute < 24 * 60; minute++) {
            boolean now = nights.isAvailable(5, minute * 60.0);
            changes += now == nights.isAvailable(5, (minute + 1) * 60.0) ? 0 : 1;
            minutes += now ? 1 : 0;
            assertThat(nights.isAvailable(5, minute * 60.0 + 86400)).isEqualTo(now);
        }
        assertThat(changes).isEqualTo(2);
        assertThat(minutes).isBetween(479, 481);
    }

    @Test
    void theWorldLosesClients() {
        RoundContext round = new RoundContext(1, new Seed(1), 1000);
        Workload work = new Workload(0, 0, 1);
        World fickle = new World((client, at, load) -> 5, Availability.always(), .2);
        int lost = 0;
        for (int client = 0; client < 1000; client++) {
            lost += Double.isInfinite(fickle.seconds(new ClientId(client), round, work, 0)) ? 1 : 0;
        }
        assertThat(lost).isBetween(120, 280); // six standard errors
        World traced = new World((client, at, load) -> 2, AvailabilityTrace.listed(List.of(TRACE)), 0);
        assertThat(traced.seconds(new ClientId(0), round, work, 4))
                .as("there at 6")
                .isEqualTo(2);
        assertThat(traced.seconds(new ClientId(0), round, work, 3))
                .as("gone at 5")
                .isInfinite();
        assertThat(traced.available(ClientDirectory.ofRange(5, i -> 1), 3.5).size())
                .isEqualTo(5);
        assertThat(traced.available(ClientDirectory.ofRange(5, i -> 1), 5).size())
                .isZero();
        assertThatThrownBy(() -> new World((client, at, load) -> -1).seconds(new ClientId(3), round, work, 0))
                .hasMessage("duration of client 3 must be positive and finite, but was -1.0");
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    @Test
    void readsFedScalesShapes() throws IOException {
        Path json = file(
                "devices.json",
                "{\"10\": {\"computation\": 20, \"communication\": 2}, \"2\": {\"computation\": 1000,"
                        + " \"communication\": 1}}");
        Path csv = file("devices.csv", "client,computation,communication\n10,20,2\n2,1000,1\n");
        List<DeviceProfile> expected = List.of(DeviceProfile.ofFedScale(1000, 1), DeviceProfile.ofFedScale(20, 2));
        assertThat(TraceFiles.devices(json)).isEqualTo(expected);
        assertThat(TraceFiles.devices(csv)).isEqualTo(expected);
        assertThat(DeviceProfiles.listed(expected).profile(new ClientId(3))).isEqualTo(expected.get(1));
        Path traceJson = file(
                "trace.json",
                "{\"1\": {\"duration\": 5, \"active\": [1, 3], \"inactive\": [2, 7], \"finish_time\": 10, \"model\":"
                        + " \"x\"}}");
        Path traceCsv = file("trace.csv", "client,active,inactive,finish_time\n1,1,2,10\n1,3,7,10\n");
        for (Path trace : List.of(traceJson, traceCsv)) {
            Availability availability = AvailabilityTrace.listed(TraceFiles.availability(trace));
            assertThat(availability.isAvailable(4, 5)).isTrue();
            assertThat(availability.isAvailable(4, 8)).isFalse();
        }
    }

    @Test
    void saysWhatIsWrongWithAFile() throws IOException {
        Path missing = file("a.json", "{\"7\": {\"computation\": 20}}");
        assertThatThrownBy(() -> TraceFiles.devices(missing))
                .hasMessage(missing + ", client 7: communication must be there, but there are [computation]");
        Path negative = file("b.csv", "client,computation,communication\n1,2,3\n2,-1,3\n");
        assertThatThrownBy(() -> TraceFiles.devices(negative))
                .hasMessage(negative + ", line 3: computation must be positive and finite, but was -1.0");
        Path columns = file("c.csv", "client,computation,communication\n1,2\n");
        assertThatThrownBy(() -> TraceFiles.devices(columns))
                .hasMessage(columns + ", line 2: fields must be 3, but were 2");
        Path header = file("d.csv", "id,x\n");
        assertThatThrownBy(() -> TraceFiles.devices(header))
                .hasMessage(header + ", line 1: header must be client,computation,communication, but was id,x");
        Path broken = file("e.json", "[1]");
        assertThatThrownBy(() -> TraceFiles.availability(broken))
                .hasMessageStartingWith(broken + ", content: must be an object of objects by client id");
        Path order = file("f.json", "{\"1\": {\"active\": [3], \"inactive\": [2], \"finish_time\": 10}}");
        assertThatThrownBy(() -> TraceFiles.availability(order))
                .hasMessage(
                        order + ", client 1: inactive time 0 must be at least its active time and at most the period,"
                                + " 10.0, but was 2.0");
        assertThatThrownBy(() -> TraceFiles.devices(directory.resolve("x.yaml")))
                .hasMessage("name of a trace file must end in .json or .csv, but was x.yaml");
    }

    @Test
    void readsTracesWithByteOrderMarksAndAnyLineEnds() throws IOException {
        List<DeviceProfile> expected = List.of(DeviceProfile.ofFedScale(1000, 1));
        Path csv = file("marked.csv", "\uFEFFclient,computation,communication\r\n2,1000,1\r\n");
        assertThat(TraceFiles.devices(csv)).isEqualTo(expected);
        Path json = file("marked.json", "\uFEFF{\"2\":\r\n{\"computation\": 1000, \"communication\": 1}}\r\n");
        assertThat(TraceFiles.devices(json)).isEqualTo(expected);
    }

    @Test
    void namesTheByteFromWhichATraceIsNotUtf8() throws IOException {
        for (String name : List.of("latin.csv", "latin.json")) {
            Path latin = directory.resolve(name);
            Files.write(latin, "client,computation,communication\né,2,3\n".getBytes(StandardCharsets.ISO_8859_1));
            assertThatThrownBy(() -> TraceFiles.devices(latin))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(latin + " must be UTF-8, but is not from byte 33 on, in line 2");
        }
    }

    @Test
    void saysWhichValueOfATraceIsNoNumber() throws IOException {
        Path csv = file("a.csv", "client,computation,communication\nx,2,3\n");
        assertThatThrownBy(() -> TraceFiles.devices(csv))
                .hasMessage(csv + ", line 2: client id must be a whole number, but was x");
        Path hexadecimal = file("b.csv", "client,computation,communication\n1,0x1p3,3\n");
        assertThatThrownBy(() -> TraceFiles.devices(hexadecimal))
                .hasMessage(hexadecimal + ", line 2: field 2 must be a number, but was 0x1p3");
        Path json = file("c.json", "{\"1\": {\"computation\": null, \"communication\": 1}}");
        assertThatThrownBy(() -> TraceFiles.devices(json))
                .hasMessage(json + ", client 1: computation must be a number, but was null");
        Path list = file("d.json", "{\"1\": {\"active\": 3, \"inactive\": [2], \"finish_time\": 10}}");
        assertThatThrownBy(() -> TraceFiles.availability(list))
                .hasMessage(list + ", client 1: active must be a list of numbers, but was 3");
    }

    @Test
    void damagedTracesGiveNothingButAnIllegalArgument() throws IOException {
        readDamaged(Mutations.FEW);
    }

    @Test
    @Tag("long")
    void manyDamagedTracesGiveNothingButAnIllegalArgument() throws IOException {
        readDamaged(Mutations.MANY);
    }

    private void readDamaged(int count) throws IOException {
        List<Class<? extends Exception>> documented = List.of(IllegalArgumentException.class);
        Path devices = file("d.csv", "client,computation,communication\n10,20,2\n2,1000,1\n");
        Mutations.refused(devices, count, documented, () -> TraceFiles.devices(devices));
        Path json = file("d.json", "{\"10\": {\"computation\": 20, \"communication\": 2}}");
        Mutations.refused(json, count, documented, () -> TraceFiles.devices(json));
        Path traces = file("t.csv", "client,active,inactive,finish_time\n1,1,2,10\n1,3,7,10\n");
        Mutations.refused(traces, count, documented, () -> TraceFiles.availability(traces));
        Path active = file("t.json", "{\"1\": {\"active\": [1, 3], \"inactive\": [2, 7], \"finish_time\": 10}}");
        int refused = Mutations.refused(active, count, documented, () -> TraceFiles.availability(active));
        assertThat(refused).isGreaterThan(count / 2);
    }
}
