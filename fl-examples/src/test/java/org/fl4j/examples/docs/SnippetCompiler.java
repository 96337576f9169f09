package org.fl4j.examples.docs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles snippets as they are shown. One that has imports is a source file. Any other is the body of a method: it may
 * declare classes, may use the fields of {@link SnippetContext}, and needs no imports of FL4J, of DJL's common packages
 * and of a few of Java. A snippet without a semicolon at its end is an expression.
 */
public final class SnippetCompiler {
    private static final List<String> OTHER_PACKAGES = List.of(
            "ai.djl",
            "ai.djl.basicdataset",
            "ai.djl.ndarray",
            "ai.djl.ndarray.types",
            "ai.djl.nn",
            "java.io",
            "java.nio.file",
            "java.time",
            "java.util",
            "java.util.function",
            "java.util.random",
            "java.util.stream",
            "org.nd4j.linalg.api.ndarray");

    private static final Pattern SOURCE_FILE = Pattern.compile("(?m)^(import|package) ");
    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([^;]+);");
    private static final Pattern TYPE =
            Pattern.compile("(?m)^(?:(?:public|final|abstract) )*(?:class|record|interface) (\\w+)");

    private final JavaCompiler compiler;

    /**
     * Compiles with the JDK that runs this; where there is only a runtime, the test that asks is skipped and says so.
     */
    public static SnippetCompiler ofThisJdk() {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        assumeTrue(compiler != null, "a JDK compiles snippets, but this is a runtime without a compiler");
        return new SnippetCompiler(compiler);
    }

    private SnippetCompiler(JavaCompiler compiler) {
        this.compiler = compiler;
    }

    /** A snippet as the compiler sees it. */
    private static final class Unit extends SimpleJavaFileObject {
        private final Snippet snippet;
        private final String source;
        private final int linesBefore;

        private Unit(Snippet snippet, String name, String source, int linesBefore) {
            super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
            this.snippet = snippet;
            this.source = source;
            this.linesBefore = linesBefore;
        }

        static Unit of(Snippet snippet, int number, String imports) {
            if (isSourceFile(snippet)) {
                Matcher type = TYPE.matcher(snippet.text());
                return new Unit(snippet, type.find() ? type.group(1) : "Snippet", snippet.text(), 0);
            }
            String name = "Snippet" + number;
            String head = "package " + SnippetContext.class.getPackageName() + "; " + imports + "class " + name
                    + " extends " + SnippetContext.class.getSimpleName() + " { void run() throws Exception {";
            return new Unit(
                    snippet,
                    name,
                    isExpression(snippet.text())
                            ? head + " Object value =\n" + snippet.text() + "\n; } }"
                            : head + "\n" + snippet.text() + "\n} }",
                    1);
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
        }

        String message(Diagnostic<?> diagnostic) {
            long line = snippet.line() + diagnostic.getLineNumber() - linesBefore - 1;
            return snippet.file() + ":" + line + ": " + diagnostic.getMessage(Locale.ROOT);
        }
    }

    /** Returns whether a snippet is a source file, with its imports. */
    public static boolean isSourceFile(Snippet snippet) {
        return SOURCE_FILE.matcher(snippet.text()).find();
    }

    private static boolean isExpression(String text) {
        String code = text.replaceAll("(?m)\\s*//.*$", "").strip();
        return !code.endsWith(";") && !code.endsWith("}");
    }

    /** Returns what the compiler has against them, each with file and line; writes classes to a folder. */
    public List<String> compile(List<Snippet> snippets, String classPath, Path folder) throws IOException {
        String imports = imports(snippets);
        List<Unit> units = new ArrayList<>();
        for (Snippet snippet : snippets) {
            units.add(Unit.of(snippet, units.size(), imports));
        }
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        try (StandardJavaFileManager files =
                compiler.getStandardFileManager(diagnostics, Locale.ROOT, StandardCharsets.UTF_8)) {
            List<String> options = List.of(
                    "-proc:none",
                    "-nowarn",
                    "--release",
                    "17",
                    "-Xmaxerrs",
                    "1000",
                    "-cp",
                    classPath,
                    "-d",
                    folder.toString());
            compiler.getTask(null, files, diagnostics, options, null, units).call();
        }
        return diagnostics.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(diagnostic -> diagnostic.getSource() instanceof Unit unit
                        ? unit.message(diagnostic)
                        : diagnostic.getMessage(Locale.ROOT))
                .toList();
    }

    /** Returns the class path of this process. */
    public static String classPath() {
        return System.getProperty("java.class.path");
    }

    /** Imports all packages, those that snippets declare too, but not those of the commands. */
    private static String imports(List<Snippet> snippets) {
        Stream<String> ours = Snippet.sources().stream()
                .map(file -> file.getParent().toString().replace(File.separatorChar, '.'))
                .map(folder -> folder.substring(folder.indexOf("org.fl4j")))
                .filter(name -> !name.startsWith("org.fl4j.examples") || name.endsWith("experiment"))
                .distinct();
        Stream<String> shown = snippets.stream()
                .flatMap(snippet -> PACKAGE.matcher(snippet.text()).results())
                .map(match -> match.group(1))
                .distinct();
        return Stream.of(ours, shown, OTHER_PACKAGES.stream())
                .flatMap(names -> names)
                .map(name -> "import " + name + ".*; ")
                .collect(Collectors.joining());
    }
}
