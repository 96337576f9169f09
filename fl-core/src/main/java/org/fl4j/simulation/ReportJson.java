package org.fl4j.simulation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Json;
import org.fl4j.internal.JsonFields;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;

/** Round reports, and the numbers of states, as JSON and back, without loss; also of values that are not finite. */
final class ReportJson {
    private ReportJson() {}

    static JsonObject write(RoundReport report) {
        JsonObject json = new JsonObject();
        json.addProperty("round", report.round());
        json.add("metrics", write(report.metrics()));
        JsonArray cohort = new JsonArray();
        report.cohort().forEach(client -> cohort.add(client.index()));
        json.add("cohort", cohort);
        json.add("clients", write(report.clients()));
        json.add("evaluations", write(report.evaluations()));
        JsonArray rejected = new JsonArray();
        for (Rejection rejection : report.rejected()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("client", rejection.client().index());
            entry.addProperty("reason", rejection.reason().name());
            entry.addProperty("detail", rejection.detail());
            rejected.add(entry);
        }
        json.add("rejected", rejected);
        JsonArray failures = new JsonArray();
        for (ClientFailure failure : report.failures()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("client", failure.client().index());
            entry.addProperty("error", failure.error());
            failures.add(entry);
        }
        json.add("failures", failures);
        json.addProperty("bytesDown", report.bytesDown());
        json.addProperty("bytesUp", report.bytesUp());
        json.add("trainSeconds", Json.number(report.trainSeconds()));
        json.add("evaluationSeconds", Json.number(report.evaluationSeconds()));
        return json;
    }

    static JsonObject write(Metrics metrics) {
        JsonObject json = new JsonObject();
        metrics.values().forEach((name, metric) -> {
            JsonObject entry = new JsonObject();
            entry.add("value", Json.number(metric.value()));
            entry.add("sum", Json.number(metric.sum()));
            entry.add("weight", Json.number(metric.weight()));
            json.add(name, entry);
        });
        return json;
    }

    private static JsonObject write(Map<ClientId, Metrics> byClient) {
        JsonObject json = new JsonObject();
        byClient.forEach((client, metrics) -> json.add(String.valueOf(client.index()), write(metrics)));
        return json;
    }

    /** Reads a report; what is wrong with it is an IllegalArgumentException that names the field. */
    static RoundReport read(JsonObject json) {
        JsonFields fields = JsonFields.of(json);
        return new RoundReport(
                fields.whole("round"),
                fields.list("cohort", (entries, entry) -> new ClientId(entries.whole(entry))),
                readByClient(fields.object("clients")),
                readByClient(fields.object("evaluations")),
                fields.list("rejected", (entries, entry) -> readRejection(entries.object(entry))),
                fields.list("failures", (entries, entry) -> readFailure(entries.object(entry))),
                readMetrics(fields.object("metrics")),
                fields.longWhole("bytesDown"),
                fields.longWhole("bytesUp"),
                fields.number("trainSeconds"),
                fields.number("evaluationSeconds"));
    }

    private static Rejection readRejection(JsonFields fields) {
        return new Rejection(
                new ClientId(fields.whole("client")),
                fields.oneOf("reason", RejectionReason.class),
                fields.text("detail"));
    }

    private static ClientFailure readFailure(JsonFields fields) {
        return new ClientFailure(new ClientId(fields.whole("client")), fields.text("error"));
    }

    private static Map<ClientId, Metrics> readByClient(JsonFields clients) {
        Map<ClientId, Metrics> byClient = new TreeMap<>();
        clients.each((fields, client) -> {
            if (!client.matches("[0-9]{1,9}|1[0-9]{9}")) {
                throw new IllegalArgumentException("client must be a whole number, but was " + client);
            }
            return byClient.put(new ClientId(Integer.parseInt(client)), readMetrics(fields.object(client)));
        });
        return byClient;
    }

    static Metrics readMetrics(JsonFields metrics) {
        return new Metrics(metrics.each((fields, name) -> {
            JsonFields metric = fields.object(name);
            return new Metric(metric.number("sum"), metric.number("weight"));
        }));
    }

    /** Writes the numbers of a strategy's or client's state. */
    static String writeNumbers(Map<String, Double> numbers) {
        JsonObject json = new JsonObject();
        numbers.forEach((name, value) -> json.add(name, Json.number(value)));
        return json.toString();
    }

    /**
     * Reads what {@link #writeNumbers} wrote; what is wrong with it is an IllegalArgumentException that names the
     * field.
     */
    static Map<String, Double> readNumbers(String json) {
        JsonElement parsed;
        try {
            parsed = JsonParser.parseString(json);
        } catch (JsonParseException e) {
            throw new IllegalArgumentException("numbers must be a JSON object, but were " + json, e);
        }
        if (!parsed.isJsonObject()) {
            throw new IllegalArgumentException("numbers must be a JSON object, but were " + json);
        }
        return JsonFields.of(parsed.getAsJsonObject()).each(JsonFields::number);
    }
}
