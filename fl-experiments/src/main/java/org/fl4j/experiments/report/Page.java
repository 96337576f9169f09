package org.fl4j.experiments.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An HTML page in the making, without scripts or links to anything. */
final class Page {
    private static final String STYLE = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}
        h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
        table{border-collapse:collapse;width:100%;font-size:13px}
        th,td{padding:.3rem .6rem;border-bottom:1px solid #e5e5e5;text-align:left;vertical-align:top}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.long{overflow-wrap:anywhere}
        svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#555}
        .key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
        pre{font-size:12px;overflow-x:auto}.legend span{margin-right:1.2rem;display:inline-block}
        """;

    private final StringBuilder html = new StringBuilder();

    Page(String title) {
        html.append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
                .append(Html.text(title))
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head><body><h1>")
                .append(Html.text(title))
                .append("</h1>");
    }

    void heading(String text) {
        html.append("<h2>").append(Html.text(text)).append("</h2>");
    }

    void paragraph(String text) {
        html.append("<p>").append(Html.text(text)).append("</p>");
    }

    void preformatted(String text) {
        html.append("<pre>").append(Html.text(text)).append("</pre>");
    }

    void svg(String svg) {
        html.append(svg);
    }

    /** Says what the colours of charts mean, in their order. */
    void legend(Iterable<String> labels) {
        html.append("<p class=\"legend\">");
        int number = 0;
        for (String label : labels) {
            html.append("<span><i class=\"key\" style=\"background:")
                    .append(SvgChart.color(number++))
                    .append("\"></i>")
                    .append(Html.text(label))
                    .append("</span>");
        }
        html.append("</p>");
    }

    /** Draws a table; columns whose head begins with # are numbers. */
    void table(List<String> heads, List<List<String>> rows) {
        html.append("<table><tr>");
        heads.forEach(head -> cell("th", head.startsWith("#"), head.replaceFirst("^#", "")));
        html.append("</tr>");
        for (List<String> row : rows) {
            html.append("<tr>");
            for (int i = 0; i < row.size(); i++) {
                cell("td", heads.get(i).startsWith("#"), row.get(i));
            }
            html.append("</tr>");
        }
        html.append("</table>");
    }

    /** Draws a table of names and values. */
    void table(String name, String value, Map<String, String> values) {
        table(
                List.of(name, value),
                values.entrySet().stream()
                        .map(entry -> List.of(entry.getKey(), entry.getValue()))
                        .toList());
    }

    private void cell(String kind, boolean number, String text) {
        html.append('<')
                .append(kind)
                .append(number ? " class=\"n\">" : text.length() > 40 ? " class=\"long\">" : ">")
                .append(Html.text(text))
                .append("</")
                .append(kind)
                .append('>');
    }

    /** Writes the page, and makes directories that are missing. */
    void write(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, html + "</body></html>\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e, e);
        }
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
