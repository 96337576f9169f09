package org.fl4j.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Links between pages lead to files and headings that are there. */
class LinksTest {
    private static final Pattern LINK = Pattern.compile("\\[[^]]*]\\(([^)#\\s]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("#{1,6} (.*)");

    @Test
    void leadToFilesAndHeadings() {
        List<String> broken = new ArrayList<>();
        int count = 0;
        for (Path page : Snippet.pages()) {
            List<String> lines = Snippet.lines(page);
            for (int i = 0; i < lines.size(); i++) {
                Matcher link = LINK.matcher(lines.get(i));
                while (link.find()) {
                    count++;
                    int line = i + 1;
                    fault(page, link.group(1), Optional.ofNullable(link.group(2)))
                            .ifPresent(fault -> broken.add(page + ":" + line + ": " + fault));
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(count).as("links that were found").isGreaterThan(20);
    }

    @Test
    void findsBrokenLinks() {
        Path page = Snippet.PROJECT.resolve("docs/getting-started.md");
        assertThat(fault(page, "../README.md", Optional.of("as-a-dependency"))).isEmpty();
        assertThat(fault(page, "https://example.org", Optional.empty())).isEmpty();
        assertThat(fault(page, "README.md", Optional.empty())).contains("there is no file README.md");
        assertThat(fault(page, "", Optional.of("date"))).contains("getting-started.md has no heading #date");
        assertThat(anchor("3. Use it: `run`, *and* stop")).isEqualTo("3-use-it-run-and-stop");
    }

    private static Optional<String> fault(Path page, String target, Optional<String> heading) {
        if (target.startsWith("http")) {
            return Optional.empty();
        }
        Path file = target.isEmpty() ? page : page.resolveSibling(target).normalize();
        if (!Files.exists(file)) {
            return Optional.of("there is no file " + target);
        }
        return heading.filter(name -> Snippet.lines(file).stream()
                        .map(HEADING::matcher)
                        .filter(Matcher::matches)
                        .noneMatch(title -> anchor(title.group(1)).equals(name)))
                .map(name -> file.getFileName() + " has no heading #" + name);
    }

    /** Returns the name that GitHub gives a heading. */
    private static String anchor(String heading) {
        return heading.strip()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
    }
}
