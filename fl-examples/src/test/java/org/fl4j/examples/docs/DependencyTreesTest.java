package org.fl4j.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** docs/dependencies.md shows what each module brings into the tree of a project that depends on it. */
class DependencyTreesTest {
    private static final Path PAGE = Snippet.PROJECT.resolve("docs/dependencies.md");
    private static final List<String> MODULES = List.of(
            "fl-core",
            "fl-aggregators",
            "fl-privacy",
            "fl-selection",
            "fl-compression",
            "fl-experiments",
            "fl-testkit");

    @Test
    void areThoseOfThePage() throws IOException {
        StringBuilder page = new StringBuilder("""
                # Dependencies

                What each module brings into a project that depends on it. This page is generated from the trees that
                Maven prints, and a test compares the two. What each library is for is in
                [CONTRIBUTING](../CONTRIBUTING.md#dependencies). PyTorch's natives are not in these trees: a project
                adds those of its platform, see [README](../README.md#as-a-dependency).

                """);
        for (String module : MODULES) {
            Path tree = Snippet.PROJECT.resolve(module).resolve("target/dependency-tree.txt");
            assumeTrue(Files.exists(tree), "skipped: there is no " + tree + ", which the build of all modules writes");
            page.append("## ").append(module).append("\n\n```text\n");
            brought(Files.readAllLines(tree)).forEach(line -> page.append(line).append('\n'));
            page.append("```\n\n");
        }
        String text = page.toString().stripTrailing() + "\n";
        if (Boolean.getBoolean("fl4j.write-docs")) {
            Files.writeString(PAGE, text);
        }
        assertThat(Files.readAllLines(PAGE))
                .as(PAGE + ", which -Dfl4j.write-docs=true -Dtest=DependencyTreesTest writes anew")
                .isEqualTo(text.lines().toList());
    }

    /**
     * Returns a tree without what is optional, which does not reach users, and without the words that do not differ.
     */
    private static List<String> brought(List<String> tree) {
        List<String> kept = new ArrayList<>();
        int optional = Integer.MAX_VALUE;
        for (String line : tree) {
            int depth = line.replaceFirst("[^ |+\\\\-].*", "").length();
            if (depth > optional) {
                continue;
            }
            optional = line.endsWith("(optional)") ? depth : Integer.MAX_VALUE;
            if (optional == Integer.MAX_VALUE) {
                kept.add(line.replace(":jar:", ":").replaceFirst(":(compile|runtime)$", ""));
            }
        }
        return kept;
    }
}
