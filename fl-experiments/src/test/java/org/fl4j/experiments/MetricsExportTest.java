package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.internal.Csv;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsExportTest {
    private static final String ODD = "a, \"b\"\r\nc\nd";

    @TempDir
    Path directory;

    private ExperimentFile.Run run(Map<String, String> group) throws Exception {
        return new ExperimentFile.Run(
                new TreeMap<>(group), TrackingStoreTest.run(directory, 1).spec());
    }

    @Test
    void csvHasEveryNameAsItIs() throws Exception {
        Path csv = directory.resolve("metrics.csv");
        ExperimentFile.Run odd = run(Map.of("aggregator", ODD));
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            int id = store.begin(ODD, "yaml", odd, TrackingStoreTest.VERSIONS);
            store.add(
                    id,
                    new RoundReport(
                            1,
                            List.of(),
                            Map.of(),
                            Map.of(),
                            List.of(),
                            List.of(),
                            Metrics.of(ODD, Double.POSITIVE_INFINITY, 1).merge(Metrics.of("nan", Double.NaN, 1)),
                            1,
                            2,
                            .5,
                            .1),
                    List.of());
            MetricsExport.csv(store.read(), csv);
        }
        List<List<String>> rows =
                Csv.read(Files.readString(csv)).stream().map(Csv.Row::fields).toList();
        String key = odd.spec().key();
        assertThat(rows)
                .containsExactly(
                        List.of("experiment", "run", "label", "seed", "round", "metric", "value"),
                        List.of(ODD, key, odd.label(), "1", "1", ODD, "Infinity"),
                        List.of(ODD, key, odd.label(), "1", "1", "nan", "NaN"));
        String script = """
            import csv, sys
            rows = list(csv.DictReader(open(sys.argv[1], newline=''), strict=True))
            print([(r['experiment'], r['metric'], float(r['value'])) for r in rows])
            """;
        String odds = "'a, \"b\"\\r\\nc\\nd'";
        assertThat(ForeignReaders.python(script, csv))
                .isEqualTo("[(" + odds + ", " + odds + ", inf), (" + odds + ", 'nan', nan)]\n");
    }

    /** What a run leaves is one file that other clients of SQLite read, without anything beside it. */
    @Test
    void pythonReadsTheStore() throws Exception {
        Path db = directory.resolve("what? #1 ü%20.db");
        try (TrackingStore store = new TrackingStore(db)) {
            int id = store.begin(ODD, "yaml", run(Map.of()), TrackingStoreTest.VERSIONS);
            store.add(id, TrackingStoreTest.report(1, .5), TrackingStoreTest.tasks(1));
        }
        assertThat(db).exists();
        String script = """
            import os, shutil, sqlite3, sys
            copy = sys.argv[1] + '.copy'
            shutil.copy(sys.argv[1], copy)
            db = sqlite3.connect(copy)
            print(db.execute('PRAGMA integrity_check').fetchone(), db.execute('PRAGMA user_version').fetchone())
            print(db.execute('SELECT name FROM experiments').fetchall())
            print(db.execute('SELECT name, value FROM metrics ORDER BY name').fetchall())
            print(db.execute('SELECT count(*) FROM tasks').fetchone())
            """;
        assertThat(ForeignReaders.python(script, db)).isEqualTo("""
            ('ok',) (2,)
            [('a, "b"\\r\\nc\\nd',)]
            [('test/accuracy', 0.5), ('test/loss', 2.0)]
            (10,)
            """);
    }

    @Test
    void foldersDifferWheneverRunsDo() {
        Set<String> folders = new HashSet<>();
        for (String label :
                List.of("all", "All", "ALL", "a, b", "a,_b", "a b", "a_b", "a:b", "a/b", "a.", "a", "con", "x_seed1")) {
            for (long seed : new long[] {1, -1, 11}) {
                String folder = MetricsExport.folder(label, seed);
                assertThat(folders.add(folder.toLowerCase(Locale.ROOT)))
                        .as(label + " " + seed)
                        .isTrue();
            }
        }
        assertThat(MetricsExport.folder("all", 3)).isEqualTo("all_seed3");
    }

    /** Two groups of a sweep have two labels, also if values have the separator in them. */
    @Test
    void labelsDifferWheneverGroupsDo() throws Exception {
        assertThat(run(Map.of("aggregator", "a, b", "selector", "c")).label()).isEqualTo("\"a, b\", c");
        assertThat(run(Map.of("aggregator", "a", "selector", "b, c")).label()).isEqualTo("a, \"b, c\"");
        assertThat(run(Map.of("aggregator", "a,", "selector", "b")).label()).isEqualTo("\"a,\", b");
        assertThat(run(Map.of("aggregator", "krum:f=2,m=3", "training.batchSize", "10"))
                        .label())
                .isEqualTo("krum:f=2,m=3, batchSize=10");
    }
}
