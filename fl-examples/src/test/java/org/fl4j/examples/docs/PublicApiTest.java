package org.fl4j.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * docs/api has a file for each module with all that users can name: a change of it shows in the diff. Packages that are
 * called {@code internal} are left out.
 */
class PublicApiTest {
    private static final Path FOLDER = Snippet.PROJECT.resolve("docs/api");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fl-core",
                "fl-aggregators",
                "fl-privacy",
                "fl-selection",
                "fl-compression",
                "fl-experiments",
                "fl-testkit"
            })
    void isThatOfTheFile(String module) throws IOException {
        Path classes = Snippet.PROJECT.resolve(module).resolve("target/classes");
        assumeTrue(
                Files.isDirectory(classes),
                "skipped: there is no " + classes + ", which the build of all modules makes");
        List<String> api = api(classes);
        Path file = FOLDER.resolve(module + ".txt");
        if (Boolean.getBoolean("fl4j.write-docs")) {
            Files.write(file, api);
        }
        assertThat(Files.readAllLines(file))
                .as(file + ", which -Dfl4j.write-docs=true -Dtest=PublicApiTest writes anew")
                .isEqualTo(api);
    }

    private static List<String> api(Path classes) throws IOException {
        TreeMap<String, List<String>> types = new TreeMap<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".class")).toList()) {
                String name = classes.relativize(file)
                        .toString()
                        .replaceFirst("\\.class$", "")
                        .replaceAll("[/\\\\]", ".");
                if (!name.contains(".internal.") && !name.endsWith("-info")) {
                    Class<?> type = load(name);
                    if (isVisible(type)) {
                        types.put(type.getCanonicalName(), members(type));
                    }
                }
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add(types.size() + " types that users can name");
        types.forEach((name, members) -> {
            lines.add("");
            lines.addAll(members);
        });
        return lines;
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, /* initialize= */ false, PublicApiTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isVisible(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    private static boolean isVisible(Class<?> type) {
        return !type.isAnonymousClass()
                && !type.isLocalClass()
                && isVisible(type.getModifiers())
                && (type.getEnclosingClass() == null || isVisible(type.getEnclosingClass()));
    }

    /** Returns the type, and those above it that users cannot name but whose members they can. */
    private static List<Class<?>> withHiddenParents(Class<?> type) {
        List<Class<?>> types = new ArrayList<>(List.of(type));
        Class<?> above = type.getSuperclass();
        while (above != null && !isVisible(above) && above.getName().startsWith("org.fl4j.")) {
            types.add(above);
            above = above.getSuperclass();
        }
        return types;
    }

    /** Returns the type's own line, and one for each member that is declared in it or in a hidden type above it. */
    private static List<String> members(Class<?> type) {
        TreeSet<String> members = new TreeSet<>();
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            if (isVisible(constructor.getModifiers()) && !constructor.isSynthetic()) {
                members.add(constructor.toGenericString());
            }
        }
        for (Class<?> declaring : withHiddenParents(type)) {
            for (Method method : declaring.getDeclaredMethods()) {
                if (isVisible(method.getModifiers()) && !method.isSynthetic()) {
                    members.add(method.toGenericString().replace(declaring.getName() + ".", type.getName() + "."));
                }
            }
        }
        for (Field field : type.getDeclaredFields()) {
            if (isVisible(field.getModifiers()) && !field.isSynthetic()) {
                members.add(field.toGenericString());
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add(head(type));
        members.forEach(member -> lines.add("    " + member.replace(type.getName() + ".", "")));
        return lines;
    }

    private static String head(Class<?> type) {
        List<String> above = new ArrayList<>();
        if (type.getSuperclass() != null
                && !type.isEnum()
                && !type.isRecord()
                && type.getSuperclass() != Object.class) {
            above.add("extends " + type.getGenericSuperclass().getTypeName());
        }
        if (type.getInterfaces().length > 0) {
            above.add((type.isInterface() ? "extends " : "implements ")
                    + Arrays.stream(type.getGenericInterfaces())
                            .map(java.lang.reflect.Type::getTypeName)
                            .collect(Collectors.joining(", ")));
        }
        return (type.toGenericString() + " " + String.join(" ", above)).strip();
    }
}
