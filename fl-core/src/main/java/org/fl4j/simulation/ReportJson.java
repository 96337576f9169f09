package org.fl4j.simulation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.ClientId;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.internal.Json;
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

    static RoundReport read(JsonObject json) {
        List<ClientId> cohort = new ArrayList<>();
        json.getAsJsonArray("cohort").forEach(index -> cohort.add(new ClientId(index.getAsInt())));
        List<Rejection> rejected = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("rejected")) {
            JsonObject entry = element.getAsJsonObject();
            rejected.add(new Rejection(
                    new ClientId(entry.get("client").getAsInt()),
                    RejectionReason.valueOf(entry.get("reason").getAsString()),
                    entry.get("detail").getAsString()));
        }
        List<ClientFailure> failures = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("failures")) {
            JsonObject entry = element.getAsJsonObject();
            failures.add(new ClientFailure(
                    new ClientId(entry.get("client").getAsInt()),
                    entry.get("error").getAsString()));
        }
        return new RoundReport(
                json.get("round").getAsInt(),
                cohort,
                readByClient(json.getAsJsonObject("clients")),
                readByClient(json.getAsJsonObject("evaluations")),
                rejected,
                failures,
                readMetrics(json.getAsJsonObject("metrics")),
                json.get("bytesDown").getAsLong(),
                json.get("bytesUp").getAsLong(),
                json.get("trainSeconds").getAsDouble(),
                json.get("evaluationSeconds").getAsDouble());
    }

    private static Map<ClientId, Metrics> readByClient(JsonObject json) {
        Map<ClientId, Metrics> byClient = new TreeMap<>();
        json.entrySet()
                .forEach(entry -> byClient.put(
                        new ClientId(Integer.parseInt(entry.getKey())),
                        readMetrics(entry.getValue().getAsJsonObject())));
        return byClient;
    }

    static Metrics readMetrics(JsonObject json) {
        Map<String, Metric> metrics = new TreeMap<>();
        json.entrySet().forEach(entry -> {
            JsonObject metric = entry.getValue().getAsJsonObject();
            metrics.put(
                    entry.getKey(),
                    new Metric(
                            metric.get("sum").getAsDouble(),
                            metric.get("weight").getAsDouble()));
        });
        return new Metrics(metrics);
    }

    /** Writes the numbers of a strategy's or client's state. */
    static String writeNumbers(Map<String, Double> numbers) {
        JsonObject json = new JsonObject();
        numbers.forEach((name, value) -> json.add(name, Json.number(value)));
        return json.toString();
    }

    static Map<String, Double> readNumbers(String json) {
        Map<String, Double> numbers = new TreeMap<>();
        JsonParser.parseString(json)
                .getAsJsonObject()
                .entrySet()
                .forEach(entry -> numbers.put(entry.getKey(), entry.getValue().getAsDouble()));
        return numbers;
    }
}
