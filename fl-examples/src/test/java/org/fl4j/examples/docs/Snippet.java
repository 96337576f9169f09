package org.fl4j.examples.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A piece of code in the documentation.
 *
 * @param file the page or source file that shows it
 * @param line the number of its first line, from 1
 * @param language what it is written in: {@code java}, {@code xml}, {@code yaml}, {@code bash}, {@code torchscript},
 *     {@code services} or {@code text}
 * @param text its lines, without the marks around it
 */
public record Snippet(Path file, int line, String language, String text) {
    /** The folder of the whole project, seen from the module whose tests run. */
    public static final Path PROJECT = Path.of("..");

    private static final String CHANGES = "CHANGELOG.md";
    private static final Pattern FENCE = Pattern.compile("```(.*)");
    private static final Pattern JAVADOC = Pattern.compile("\\s*\\* <pre(?: class=\"(\\w+)\")?>\\{@code");
    private static final Pattern JAVADOC_SPAN = Pattern.compile("\\{@code ([^{}]+)}");
    private static final Pattern SPAN = Pattern.compile("`([^`\n]+(?:\n[^`\n]+)?)`"); // over two lines at most

    /** Returns the place in the form that compilers use. */
    public String place() {
        return file + ":" + line;
    }

    /** Returns the pages at the root and in docs. */
    static List<Path> pages() {
        List<Path> pages = new ArrayList<>(
                List.of(PROJECT.resolve("README.md"), PROJECT.resolve("CONTRIBUTING.md"), PROJECT.resolve(CHANGES)));
        try (Stream<Path> docs = Files.list(PROJECT.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return pages;
    }

    /** Returns all blocks between fences, in all pages. */
    public static List<Snippet> blocks() {
        return pages().stream().flatMap(page -> blocks(page).stream()).toList();
    }

    /** Returns the blocks of one page; one whose fence does not name a language has the empty text as language. */
    public static List<Snippet> blocks(Path page) {
        List<Snippet> blocks = new ArrayList<>();
        List<String> lines = lines(page);
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (fence.matches()) {
                int end = next(lines, i + 1, "```");
                blocks.add(
                        new Snippet(page, i + 2, fence.group(1).strip(), String.join("\n", lines.subList(i + 1, end))));
                i = end;
            }
        }
        return blocks;
    }

    /**
     * Returns code inside lines of text and of tables, in all pages but that of changes, which names what is gone; the
     * language is not known.
     */
    public static List<Snippet> spans() {
        List<Snippet> spans = new ArrayList<>();
        for (Path page : pages()) {
            if (page.endsWith(CHANGES)) {
                continue;
            }
            List<String> lines = new ArrayList<>(lines(page));
            for (Snippet block : blocks(page)) {
                int first = block.line() - 2;
                long count = block.text().lines().count() + 2;
                Collections.fill(lines.subList(first, first + (int) count), "");
            }
            String text = String.join("\n", lines);
            Matcher span = SPAN.matcher(text);
            while (span.find()) {
                int line = 1
                        + (int) text.substring(0, span.start())
                                .chars()
                                .filter(c -> c == '\n')
                                .count();
                spans.add(new Snippet(page, line, "", span.group(1).replace('\n', ' ')));
            }
        }
        return spans;
    }

    /** Returns code inside sentences of javadoc, in all main sources. */
    public static List<Snippet> javadocSpans() {
        List<Snippet> spans = new ArrayList<>();
        for (Path file : sources()) {
            List<String> lines = lines(file);
            for (int i = 0; i < lines.size(); i++) {
                Matcher span = JAVADOC_SPAN.matcher(lines.get(i));
                while (span.find()) {
                    spans.add(new Snippet(file, i + 1, "", span.group(1)));
                }
            }
        }
        return spans;
    }

    /**
     * Returns the blocks of code in javadoc, in all main sources; if it is not Java, the language is the class of the
     * tag.
     */
    static List<Snippet> javadoc() {
        List<Snippet> snippets = new ArrayList<>();
        for (Path file : sources()) {
            List<String> lines = lines(file);
            for (int i = 0; i < lines.size(); i++) {
                Matcher begin = JAVADOC.matcher(lines.get(i));
                if (begin.matches()) {
                    int end = next(lines, i + 1, "}</pre>");
                    String text = String.join("\n", lines.subList(i + 1, end)).replaceAll("(?m)^\\s*\\* ?", "");
                    snippets.add(new Snippet(
                            file, i + 2, Optional.ofNullable(begin.group(1)).orElse("java"), text));
                    i = end;
                }
            }
        }
        return snippets;
    }

    /** Returns the main sources of all modules. */
    static List<Path> sources() {
        List<Path> sources = new ArrayList<>();
        try (Stream<Path> modules = Files.list(PROJECT)) {
            for (Path module : modules.map(folder -> folder.resolve("src/main/java"))
                    .filter(Files::isDirectory)
                    .sorted()
                    .toList()) {
                try (Stream<Path> files = Files.walk(module)) {
                    files.filter(file -> file.toString().endsWith(".java"))
                            .sorted()
                            .forEach(sources::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sources;
    }

    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int next(List<String> lines, int from, String mark) {
        for (int i = from; i < lines.size(); i++) {
            if (lines.get(i).endsWith(mark)) {
                return i;
            }
        }
        throw new IllegalArgumentException("the block that begins at line " + from + " has no end: " + mark);
    }
}
