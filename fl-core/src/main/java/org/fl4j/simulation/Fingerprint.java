package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fl4j.data.FederatedDataset;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;

/**
 * What a run is made of, as names and texts: what a checkpoint and the run that resumes from it must have in common. A
 * record is described by its components, a class by its name and its final fields that hold numbers, texts, enums or
 * records, a lambda by where it was written and what it captured. Two lambdas of one class that capture nothing are the
 * same to it.
 *
 * @param parts texts by name, such as {@code training.batchSize}
 */
record Fingerprint(SortedMap<String, String> parts) {
    private static final int DEEPEST = 8;

    /** Starts with none. */
    Fingerprint() {
        this(new TreeMap<>());
    }

    /** Adds a part, described. */
    Fingerprint add(String name, Object part) {
        describe(name, part, 0);
        return this;
    }

    private void describe(String name, Object part, int depth) {
        if (part == null) {
            parts.put(name, "none");
        } else if (part instanceof Optional<?> optional) {
            describe(name, optional.orElse(null), depth);
        } else if (part instanceof Number
                || part instanceof CharSequence
                || part instanceof Boolean
                || part instanceof Enum<?>
                || part instanceof OptionalInt
                || part instanceof OptionalDouble) {
            parts.put(name, part.toString());
        } else if (part instanceof Seed seed) {
            parts.put(name, String.valueOf(seed.value()));
        } else if (part instanceof ParameterVector vector) {
            parts.put(name, vector.sha256());
        } else if (part instanceof NDArray array) {
            parts.put(name, array.getDataType() + " of shape " + array.getShape());
        } else if (part instanceof FederatedDataset data && !data.fingerprint().isEmpty()) {
            parts.put(name, data.fingerprint());
        } else if (part instanceof Map<?, ?> map) {
            describeAll(name, new TreeMap<>(texts(map)), depth);
        } else if (part instanceof Collection<?> collection) {
            int position = 0;
            parts.put(name, collection.size() + " parts");
            for (Object element : collection) {
                describe(name + '.' + position++, element, depth + 1);
            }
        } else if (part.getClass().isArray()) {
            parts.put(name, "array with hash " + Arrays.deepHashCode(new Object[] {part}));
        } else {
            describeObject(name, part, depth);
        }
    }

    private static Map<String, Object> texts(Map<?, ?> map) {
        Map<String, Object> texts = new TreeMap<>();
        map.forEach((key, value) -> texts.put(String.valueOf(key), value));
        return texts;
    }

    private void describeAll(String name, Map<String, Object> values, int depth) {
        parts.put(name, values.keySet().toString());
        values.forEach((key, value) -> describe(name + '.' + key, value, depth + 1));
    }

    private void describeObject(String name, Object part, int depth) {
        Class<?> type = part.getClass();
        parts.put(name, nameOf(type));
        if (depth == DEEPEST || type.getName().startsWith("java.") || part instanceof Block) {
            return;
        }
        try {
            if (type.isRecord()) {
                for (RecordComponent component : type.getRecordComponents()) {
                    var accessor = component.getAccessor();
                    accessor.setAccessible(true);
                    describe(name + '.' + component.getName(), accessor.invoke(part), depth + 1);
                }
            } else {
                for (Field field : settings(type)) {
                    field.setAccessible(true);
                    Object value = field.get(part);
                    if (isSetting(value)) {
                        describe(name + '.' + field.getName(), value, depth + 1);
                    }
                }
            }
        } catch (ReflectiveOperationException | InaccessibleObjectException | SecurityException e) {
            parts.put(name, nameOf(type) + ", whose settings cannot be read");
        }
    }

    /** Final fields are what an object was made with; others may change while it is used. */
    private static List<Field> settings(Class<?> type) {
        List<Field> fields = new ArrayList<>();
        for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
            for (Field field : at.getDeclaredFields()) {
                if (Modifier.isFinal(field.getModifiers()) && !Modifier.isStatic(field.getModifiers())) {
                    fields.add(field);
                }
            }
        }
        return fields;
    }

    /** Collections, caches and files of an object are not: they may change, or differ from machine to machine. */
    private static boolean isSetting(Object value) {
        return (value instanceof Number && value.getClass().getName().startsWith("java.lang."))
                || value instanceof String
                || value instanceof Boolean
                || value instanceof Enum<?>
                || value instanceof Record
                || value instanceof FederatedDataset
                || (value != null && isLambda(value.getClass()));
    }

    private static boolean isLambda(Class<?> type) {
        return type.isHidden() || type.isSynthetic();
    }

    /** The name of a lambda's class has a number that differs from process to process. */
    private static String nameOf(Class<?> type) {
        String name = type.getName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : "a lambda of " + name.substring(0, lambda);
    }

    /** Returns the parts in which another differs, each with what it was here and what it is there. */
    List<String> differencesTo(Fingerprint now) {
        List<String> differences = new ArrayList<>();
        Set<String> reported = new HashSet<>();
        TreeSet<String> names = new TreeSet<>(parts.keySet());
        names.addAll(now.parts.keySet());
        for (String name : names) {
            String was = parts.getOrDefault(name, "absent");
            String is = now.parts.getOrDefault(name, "absent");
            String difference = " was " + was + " when the run began and is " + is + " now";
            // A part that another one holds would be named again under its name there.
            if (!was.equals(is) && reported.add(name.substring(name.lastIndexOf('.') + 1) + difference)) {
                differences.add(name + difference);
            }
        }
        return differences;
    }

    String toJson() {
        JsonObject json = new JsonObject();
        parts.forEach(json::addProperty);
        return json.toString();
    }

    static Fingerprint fromJson(String text) {
        TreeMap<String, String> parts = new TreeMap<>();
        JsonParser.parseString(text)
                .getAsJsonObject()
                .entrySet()
                .forEach(entry -> parts.put(entry.getKey(), entry.getValue().getAsString()));
        return new Fingerprint(parts);
    }
}
