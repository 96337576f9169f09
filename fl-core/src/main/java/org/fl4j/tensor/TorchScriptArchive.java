package org.fl4j.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipOutputStream;
import org.fl4j.tensor.internal.ModuleAccessors;
import org.fl4j.tensor.internal.ZipEntries;

/**
 * A file that {@code torch.jit.save} wrote, read as text: the tree of modules and what each registers. libtorch's Java
 * interface shows parameters but no buffers, so the module is loaded inside a small one whose methods return both.
 */
public final class TorchScriptArchive {
    private static final Pattern ROOT = Pattern.compile("^..c(__torch__[^\n]*)\n([^\n]+)\n", Pattern.DOTALL);
    private static final Pattern CLASS = Pattern.compile("^class (\\w+)\\(Module\\):$");
    private static final Pattern REGISTERED = Pattern.compile("^  __(parameters|buffers)__ = \\[(.*)]$");
    private static final Pattern TENSOR = Pattern.compile("\"([^\"]+)\"");
    private static final Pattern CHILD =
            Pattern.compile("^  (?:__annotations__\\[\"([^\"]+)\"] =|(\\w+) :) (__torch__\\.[\\w.]+)$");
    private static final Pattern ATTRIBUTE = Pattern.compile("^  (?:__annotations__\\[|\\w+ :)");
    private static final Pattern MENTIONED = Pattern.compile("__torch__(?:\\.\\w+)+");
    private static final Pattern FORWARD =
            Pattern.compile("^  def forward\\(\\w+: [\\w.]+(.*?)\\) -> (.*?):$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final int DEEPEST = 200; // classes inside classes; each costs stack, here and in libtorch
    private static final Pattern RANDOM = Pattern.compile("torch\\.((?:feature_|alpha_|feature_alpha_|native_)?dropout"
            + "|bernoulli|multinomial|normal|poisson|uniform|rrelu\\w*|rand\\w*|exponential|geometric|cauchy|log_normal"
            + "|random)_?\\(");

    private final Path path;
    private final Map<String, byte[]> entries;
    private final String folder;
    private final String root;
    private final List<Registered> members = new ArrayList<>();
    private int places;

    /**
     * A tensor that some module of the tree registers.
     *
     * @param name in {@code state_dict}
     * @param expression how a program reaches it
     * @param buffer whether it is registered as a buffer, and not as a parameter
     */
    record Registered(String name, String expression, boolean buffer) {}

    private record ModuleClass(
            List<String> tensors, Set<String> buffers, Map<String, String> children, Set<String> mentioned) {
        ModuleClass() {
            this(new ArrayList<>(), new HashSet<>(), new LinkedHashMap<>(), new LinkedHashSet<>());
        }
    }

    private TorchScriptArchive(Path path, Map<String, byte[]> entries) {
        this.path = path;
        this.entries = entries;
        folder = entries.keySet().stream()
                .filter(name -> name.endsWith("/data.pkl"))
                .map(name -> name.substring(0, name.length() - "data.pkl".length()))
                .findFirst()
                .orElseThrow(() -> invalid("it has no data.pkl"));
        String head = new String(entries.get(folder + "data.pkl"), StandardCharsets.ISO_8859_1);
        Matcher start = ROOT.matcher(head);
        if (!start.find()) {
            throw invalid("its object is not a module");
        }
        root = start.group(1) + "." + start.group(2);
        Map<String, ModuleClass> classes = classes();
        requireNoClassInItself(classes);
        try {
            if (entries.containsKey(folder + "constants.pkl")) {
                TorchScriptPickle.read(entries.get(folder + "constants.pkl"), entries, folder + "constants/");
            }
            Object object = TorchScriptPickle.read(entries.get(folder + "data.pkl"), entries, folder + "data/");
            collect(classes, object, root, "self.model", "");
        } catch (TorchScriptPickle.Fault e) {
            throw new IllegalArgumentException(invalid(e.getMessage()).getMessage(), e);
        }
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException if it is no TorchScript module, one that does not map one tensor to one, or one
     *     that draws random numbers: those come from a generator that all threads share, and no seed would give the
     *     same result twice
     * @throws UncheckedIOException if the file cannot be read
     */
    public static TorchScriptArchive read(Path path) {
        Map<String, byte[]> entries = ZipEntries.read(path);
        TorchScriptArchive archive = new TorchScriptArchive(path, entries);
        archive.requireNoRandomness();
        archive.requireOneTensor();
        return archive;
    }

    /**
     * Its {@code forward} must take one tensor, further parameters must have defaults, and it must return one tensor.
     */
    private void requireOneTensor() {
        int dot = root.lastIndexOf('.');
        String text = code().getOrDefault(root.substring(0, dot), "");
        int start = text.indexOf("class " + root.substring(dot + 1) + "(Module):");
        int end = text.indexOf("\nclass ", Math.max(start, 0));
        Matcher forward = FORWARD.matcher(start < 0 ? "" : text.substring(start, end < 0 ? text.length() : end));
        if (!forward.find()) {
            throw invalid("it has no forward");
        }
        String[] parameters = forward.group(1).replaceAll("\\[.*?]", "").split(",", -1);
        long required = Arrays.stream(parameters)
                .skip(1) // before the first comma is self
                .filter(parameter -> !parameter.contains("="))
                .count();
        boolean takesOne = required == 1 && parameters[1].strip().endsWith(": Tensor");
        if (!takesOne || !forward.group(2).equals("Tensor")) {
            throw new IllegalArgumentException("forward must take one tensor and return one, but is forward("
                    + forward.group(1).replaceFirst("^,\\s*", "").replaceAll("\\s+", " ") + ") -> " + forward.group(2)
                    + ": " + path);
        }
    }

    private IllegalArgumentException invalid(String fault) {
        return ZipEntries.invalid(path, fault);
    }

    private void requireNoRandomness() {
        code().values().stream()
                .flatMap(text -> RANDOM.matcher(text).results())
                .findFirst()
                .ifPresent(random -> {
                    throw new IllegalArgumentException(
                            "module must be without random operations, which no seed repeats on"
                                    + " several workers, but has " + random.group(1) + ": " + path);
                });
    }

    private Map<String, String> code() {
        Map<String, String> code = new LinkedHashMap<>();
        entries.forEach((name, content) -> {
            if (name.startsWith(folder + "code/") && name.endsWith(".py")) {
                String module = name.substring((folder + "code/").length(), name.length() - ".py".length());
                code.put(module.replace('/', '.'), new String(content, StandardCharsets.UTF_8));
            }
        });
        return code;
    }

    private Map<String, ModuleClass> classes() {
        Map<String, ModuleClass> classes = new LinkedHashMap<>();
        code().forEach((module, text) -> {
            ModuleClass current = new ModuleClass();
            for (String line : text.lines().toList()) {
                Matcher type = CLASS.matcher(line);
                Matcher registered = REGISTERED.matcher(line);
                Matcher child = CHILD.matcher(line);
                if (type.matches()) {
                    current = new ModuleClass();
                    classes.put(module + "." + type.group(1), current);
                } else if (registered.matches()) {
                    List<String> names = TENSOR.matcher(registered.group(2))
                            .results()
                            .map(name -> name.group(1))
                            .toList();
                    current.tensors.addAll(names);
                    if (registered.group(1).equals("buffers")) {
                        current.buffers.addAll(names);
                    }
                } else if (child.matches()) {
                    current.children.put(child.group(1) == null ? child.group(2) : child.group(1), child.group(3));
                }
                if (ATTRIBUTE.matcher(line).find()) {
                    MENTIONED.matcher(line).results().map(MatchResult::group).forEach(current.mentioned::add);
                }
            }
        });
        return classes;
    }

    /** libtorch follows the types of attributes without an end, so none may lead back to its class. */
    private void requireNoClassInItself(Map<String, ModuleClass> classes) {
        Set<String> done = new HashSet<>();
        for (String type : classes.keySet()) {
            requireNoClassInItself(classes, type, new LinkedHashSet<>(), done);
        }
    }

    private void requireNoClassInItself(
            Map<String, ModuleClass> classes, String type, Set<String> above, Set<String> done) {
        if (above.size() > DEEPEST || !above.add(type)) {
            throw invalid("class " + type + " contains itself, or lies deeper than " + DEEPEST + " others");
        }
        if (done.add(type)) {
            for (String inside : classes.get(type).mentioned()) {
                if (classes.containsKey(inside)) {
                    requireNoClassInItself(classes, inside, above, done);
                }
            }
        }
        above.remove(type);
    }

    private void collect(
            Map<String, ModuleClass> classes, Object object, String type, String expression, String prefix) {
        ModuleClass module = classes.get(type);
        if (module == null) {
            throw invalid("its code has no class " + type);
        }
        if (!(object instanceof TorchScriptPickle.Instance instance)
                || !instance.type().equals(type)) {
            throw invalid("its object " + prefix + " is not a " + type);
        }
        for (String name : module.tensors) {
            if (!(instance.attribute(name) instanceof TorchScriptPickle.Tensor) && !instance.isAbsent(name)) {
                throw invalid("its object " + prefix + name + " is not a tensor");
            }
            members.add(new Registered(prefix + name, attribute(expression, name), module.buffers.contains(name)));
        }
        // an object may stand in many places, and its own objects as well: more places than bytes are an attack
        if (++places > entries.get(folder + "data.pkl").length) {
            throw invalid("its modules stand in too many places");
        }
        module.children.forEach((name, child) -> {
            if (classes.containsKey(child)) {
                collect(classes, instance.attribute(name), child, attribute(expression, name), prefix + name + ".");
            }
        });
    }

    private static String attribute(String expression, String name) {
        return "getattr(" + expression + ", \"" + name + "\")";
    }

    List<Registered> members() {
        return members;
    }

    /** Returns where the file is. */
    public Path path() {
        return path;
    }

    /** Returns an archive of a module that holds this one, forwards to it and shows its tensors. */
    byte[] withAccessors() {
        String accessors = ModuleAccessors.source(
                root, members.stream().map(Registered::expression).toList());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                boolean object = entry.getKey().equals(folder + "data.pkl");
                ZipEntries.store(zip, entry.getKey(), object ? wrapped(entry.getValue()) : entry.getValue());
            }
            ZipEntries.store(zip, folder + "code/__torch__/fl4j.py", accessors.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Pickles an object whose only attribute, {@code model}, is the object of a pickle of protocol 2. */
    private static byte[] wrapped(byte[] pickle) {
        ByteArrayOutputStream object = new ByteArrayOutputStream();
        object.writeBytes(new byte[] {(byte) 0x80, 2});
        object.writeBytes("c__torch__.fl4j\nProgram\n".getBytes(StandardCharsets.US_ASCII));
        object.writeBytes(new byte[] {')', (byte) 0x81, '}', 'X', 5, 0, 0, 0});
        object.writeBytes("model".getBytes(StandardCharsets.US_ASCII));
        object.write(pickle, 2, pickle.length - 3); // without its protocol and its end
        object.writeBytes(new byte[] {'s', 'b', '.'});
        return object.toByteArray();
    }
}
