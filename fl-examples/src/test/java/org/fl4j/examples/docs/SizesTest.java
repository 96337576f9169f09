package org.fl4j.examples.docs;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Classes, methods and lists of parameters stay short; what is longer is listed here, with the reason. */
class SizesTest {
    private static final int CLASS_LINES = 300;
    private static final int METHOD_LINES = 40;
    private static final int PARAMETERS = 5;
    private static final int COLUMNS = 120;
    private static final int TEST_LINES = 400;

    private static final Map<String, String> LONG_TESTS =
            Map.of("SaboteursTest.java", "four tests of one table of saboteurs, which is most of it");

    /** What may be longer, and why. An entry that is needed no more fails the test. */
    private static final Map<String, String> EXCEPTIONS = Map.ofEntries(
            entry("AggregatorStrategies.strategies", "a list: one name a line"),
            entry("AsynchronousServer.course", "one event after another, in the order of time"),
            entry("Calibration.noiseMultiplier/6", "what a calibration is for, each named at the call"),
            entry("Calibration.rounds/6", "what a calibration is for, each named at the call"),
            entry("CanaryAudit.oneRun/6", "private; split with the audit"),
            entry("CanaryAudit.shown/6", "private; split with the audit"),
            entry("ClientExecutor.Results.<init>/6", "private; made in one place"),
            entry("ClientExecutor.run/6", "package-private; called by WorkerExecutor alone"),
            entry("ClippingRule.Fixed.after/6", "what a rule may go by, of an SPI with two implementations"),
            entry("ClippingRule.Quantile.after/6", "what a rule may go by, of an SPI with two implementations"),
            entry("ClippingRule.after/6", "what a rule may go by, of an SPI with two implementations"),
            entry("ComposedLoss.<init>/8", "private; made in one place"),
            entry("ComposedLoss.of", "one published procedure, in the order of its steps"),
            entry("ComposedServer.<init>/9", "what a server is made of; SimulationBuilder is its builder"),
            entry("OpenRun.opened", "opens all that a run holds, in order"),
            entry("Csv.read", "one pass over characters"),
            entry("Database", "all SQL of the store"),
            entry("Digits.arc/6", "coordinates of a drawing"),
            entry("Digits.drawSegment/6", "coordinates of a drawing"),
            entry("Gantt.of", "one drawing, from top to bottom"),
            entry("HeatMap.of", "one drawing, from top to bottom"),
            entry("Histogram.of", "one drawing, from top to bottom"),
            entry("Layer", "a record of some twenty lines for each layer"),
            entry("MiraServer.update", "one published procedure, in the order of its steps"),
            entry("MlflowListener.<init>/6", "private; made in one place"),
            entry("Moments.step/7", "what the kernels of three published rules take"),
            entry("OortSelector.Arms.<init>", "one published procedure, in the order of its steps"),
            entry("PldAccountant.measured", "one published procedure, in the order of its steps"),
            entry("PrivacyAudit.twoWorlds/6", "what an audit is made of, each named at the call"),
            entry("RunLoop.<init>/7", "package-private; made in one place"),
            entry("SimulationBuilder", "a builder: a method for each setting, with its explanation"),
            entry("Task", "the states of a task, which belong together"),
            entry("Task.<init>/6", "package-private; made in one place"),
            entry("TorchScriptPickle", "a choice of opcodes"),
            entry("TorchScriptPickle.run", "a choice of opcodes"),
            entry("BenchmarkCase.<init>/7", "of a benchmark; made in one place"));

    @Test
    void everythingIsShortOrSaysWhyNot() throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> modules = Files.list(Snippet.PROJECT)) {
            for (Path sources : modules.map(module -> module.resolve("src/main/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                found.putAll(tooLong(sources));
            }
        }
        Map<String, String> unexpected = new TreeMap<>(found);
        unexpected.keySet().removeAll(EXCEPTIONS.keySet());
        assertThat(unexpected).as("longer than allowed").isEmpty();
        assertThat(found.keySet()).as("exceptions that are needed").containsAll(EXCEPTIONS.keySet());
    }

    /** Lines have at most 120 columns; classes of tests have at most 400 lines. */
    @Test
    void linesAndClassesOfTestsAreShort() throws IOException {
        List<String> faults = new ArrayList<>();
        try (Stream<Path> modules = Files.list(Snippet.PROJECT)) {
            for (Path sources : modules.map(module -> module.resolve("src"))
                    .filter(Files::isDirectory)
                    .toList()) {
                try (Stream<Path> all = Files.walk(sources)) {
                    for (Path file : all.filter(path -> path.toString().endsWith(".java"))
                            .toList()) {
                        List<String> lines = Files.readAllLines(file);
                        for (int i = 0; i < lines.size(); i++) {
                            if (lines.get(i).length() > COLUMNS) {
                                faults.add(file + ":" + (i + 1));
                            }
                        }
                        if (lines.size() > TEST_LINES && file.toString().matches(".*(Test|IT|Contract).java")) {
                            faults.add(file + " has " + lines.size() + " lines");
                        }
                    }
                }
            }
        }
        faults.removeIf(fault -> LONG_TESTS.keySet().stream().anyMatch(fault::contains));
        assertThat(faults).isEmpty();
    }

    private static Map<String, String> tooLong(Path sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Map<String, String> found = new TreeMap<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> all = Files.walk(sources)) {
            List<Path> java =
                    all.filter(file -> file.toString().endsWith(".java")).toList();
            JavacTask task = (JavacTask)
                    compiler.getTask(null, files, null, null, null, files.getJavaFileObjectsFromPaths(java));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                new Measuring(unit, positions, found).scan(unit, "");
            }
        }
        return found;
    }

    /** Looks at each class and method; the second argument is the name of what is around it. */
    private static final class Measuring extends TreeScanner<Void, String> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final Map<String, String> found;

        Measuring(CompilationUnitTree unit, SourcePositions positions, Map<String, String> found) {
            this.unit = unit;
            this.positions = positions;
            this.found = found;
        }

        private long lines(Tree tree) {
            LineMap map = unit.getLineMap();
            return map.getLineNumber(positions.getEndPosition(unit, tree))
                    - map.getLineNumber(positions.getStartPosition(unit, tree))
                    + 1;
        }

        @Override
        public Void visitClass(ClassTree tree, String around) {
            String name = around.isEmpty() ? tree.getSimpleName().toString() : around + "." + tree.getSimpleName();
            if (lines(tree) > CLASS_LINES) {
                found.put(name, lines(tree) + " lines");
            }
            boolean record = tree.getKind() == Tree.Kind.RECORD;
            for (Tree member : tree.getMembers()) {
                if (member instanceof MethodTree method) {
                    measure(method, name, record);
                }
            }
            return super.visitClass(tree, name);
        }

        private void measure(MethodTree method, String around, boolean record) {
            String name = around + "." + method.getName();
            if (lines(method) > METHOD_LINES) {
                found.put(name, lines(method) + " lines");
            }
            boolean constructor = method.getName().contentEquals("<init>");
            int parameters = method.getParameters().size();
            if (parameters > PARAMETERS && !(record && constructor)) {
                found.put(name + "/" + parameters, parameters + " parameters");
            }
        }
    }
}
