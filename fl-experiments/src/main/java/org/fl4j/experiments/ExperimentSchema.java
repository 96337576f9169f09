package org.fl4j.experiments;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import org.fl4j.registry.StrategyRegistry;

/**
 * The JSON Schema (draft 2020-12) of experiment files, made of {@link FieldTable}, so that editors complete and check
 * them. Names of strategies are those on the class path; other names are allowed, for a plug-in may add them.
 */
public final class ExperimentSchema {
    private ExperimentSchema() {}

    /** Returns the schema as indented text that ends with a line end. */
    public static String json() {
        JsonObject root = map("An experiment of FL4J.");
        root.addProperty("$schema", "https://json-schema.org/draft/2020-12/schema");
        root.addProperty("title", "FL4J experiment");
        StrategyRegistry names = StrategyRegistry.load();
        JsonObject top = root.getAsJsonObject("properties");
        top.add("name", described("string", "what the experiment is called"));
        for (Field field : FieldTable.all()) {
            JsonObject properties = top;
            List<String> parts = field.parts();
            for (String part : parts.subList(0, parts.size() - 1)) {
                if (!properties.has(part)) {
                    properties.add(part, map("Fields of " + part + "."));
                }
                properties = properties.getAsJsonObject(part).getAsJsonObject("properties");
            }
            properties.add(field.name(), schema(field, names));
        }
        JsonObject seeds = described("array", "one run for each of these seeds");
        seeds.add("items", described("integer", "a seed"));
        seeds.addProperty("minItems", 1);
        top.add("seeds", seeds);
        top.add("sweep", sweep());
        return new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(root) + "\n";
    }

    private static JsonObject map(String description) {
        JsonObject map = described("object", description);
        map.add("properties", new JsonObject());
        map.addProperty("additionalProperties", false);
        return map;
    }

    private static JsonObject described(String type, String description) {
        JsonObject schema = new JsonObject();
        schema.addProperty("type", type);
        schema.addProperty("description", description);
        return schema;
    }

    private static JsonObject sweep() {
        JsonObject sweep =
                described("object", "lists of values of fields, by their paths: one run for each combination");
        JsonObject list = new JsonObject();
        list.addProperty("type", "array");
        list.addProperty("minItems", 1);
        JsonObject properties = new JsonObject();
        FieldTable.all().stream()
                .filter(field -> !field.path().equals("seed"))
                .forEach(field -> properties.add(field.path(), list));
        sweep.add("properties", properties);
        sweep.addProperty("additionalProperties", false);
        return sweep;
    }

    private static JsonObject schema(Field field, StrategyRegistry names) {
        String description = field.meaning() + (field.usual().isEmpty() ? "" : "; without it: " + field.usual());
        JsonObject schema = described(
                switch (field.type()) {
                    case WHOLE -> "integer";
                    case NUMBER -> "number";
                    case YES_OR_NO -> "boolean";
                    case NAMES -> "array";
                    case TEXT, NAME -> "string";
                },
                description);
        limit(schema, field.rule());
        if (!field.choices().isEmpty()) {
            schema.add("enum", texts(field.choices()));
        }
        if (field.kind().isPresent()) {
            JsonArray known = texts(List.copyOf(names.names(field.kind().get())));
            if (field.type() == Field.Type.NAMES) {
                JsonObject item = new JsonObject();
                item.addProperty("type", "string");
                item.add("examples", known);
                schema.add("items", item);
            } else {
                schema.add("examples", known);
            }
        }
        return schema;
    }

    private static void limit(JsonObject schema, Field.Rule rule) {
        switch (rule) {
            case FROM_ONE, FACTOR -> schema.addProperty("minimum", 1);
            case FROM_ZERO, NOT_NEGATIVE -> schema.addProperty("minimum", 0);
            case POSITIVE -> schema.addProperty("exclusiveMinimum", 0);
            case FRACTION -> {
                schema.addProperty("minimum", 0);
                schema.addProperty("exclusiveMaximum", 1);
            }
            case SHARE -> {
                schema.addProperty("exclusiveMinimum", 0);
                schema.addProperty("maximum", 1);
            }
            case ANY -> {
                // all values of the type
            }
        }
    }

    private static JsonArray texts(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }
}
