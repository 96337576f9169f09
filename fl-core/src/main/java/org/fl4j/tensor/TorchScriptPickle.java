package org.fl4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the objects of a TorchScript file, to check what libtorch believes without a check: that each tensor lies
 * inside its storage and each storage inside the file, and that no object contains itself. Knows the instructions of
 * pickle protocol 2 that PyTorch writes.
 */
final class TorchScriptPickle {
    private static final int DEEPEST = 200; // levels of objects inside objects; each costs native stack
    private static final Object MARK = new Object();
    private static final Object NONE = new Object();
    private static final Map<String, Integer> BYTES = Map.ofEntries(
            Map.entry("torch FloatStorage", 4),
            Map.entry("torch DoubleStorage", 8),
            Map.entry("torch HalfStorage", 2),
            Map.entry("torch BFloat16Storage", 2),
            Map.entry("torch LongStorage", 8),
            Map.entry("torch IntStorage", 4),
            Map.entry("torch ShortStorage", 2),
            Map.entry("torch CharStorage", 1),
            Map.entry("torch ByteStorage", 1),
            Map.entry("torch BoolStorage", 1),
            Map.entry("torch ComplexFloatStorage", 8),
            Map.entry("torch ComplexDoubleStorage", 16));

    private final ByteBuffer code;
    private final Map<String, byte[]> entries;
    private final String folder;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    /** The name of a class or function. */
    private record Global(String name) {}

    /** A piece of the file that holds elements of tensors. */
    private record Storage(String entry, long count) {}

    /** A tensor, known to lie inside its storage. */
    record Tensor() {}

    /** An object of a class of the file; equal only to itself, as it may be mutated while it is read. */
    static final class Instance {
        private final String type;
        private final Map<Object, Object> attributes = new LinkedHashMap<>();

        private Instance(String type) {
            this.type = type;
        }

        String type() {
            return type;
        }

        /** Returns an object, a {@link Tensor}, or something else; null if there is none of that name. */
        Object attribute(String name) {
            return attributes.get(name);
        }

        boolean isAbsent(String name) {
            return attributes.get(name) == NONE;
        }
    }

    /** Says why a file is refused. */
    static final class Fault extends Exception {
        private static final long serialVersionUID = 1;

        Fault(String message) {
            super(message);
        }
    }

    private TorchScriptPickle(byte[] pickle, Map<String, byte[]> entries, String folder) {
        code = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
        this.entries = entries;
        this.folder = folder;
    }

    /**
     * Reads a pickle.
     *
     * @param entries all entries of the archive
     * @param folder where the storages lie, with a slash at the end
     * @return the root object
     */
    static Object read(byte[] pickle, Map<String, byte[]> entries, String folder) throws Fault {
        Object root;
        try {
            root = new TorchScriptPickle(pickle, entries, folder).run();
        } catch (RuntimeException e) { // whatever an instruction finds in place of its operands
            throw new Fault("its objects are not a whole pickle");
        }
        requireFinite(root, 0, identities(), identities());
        return root;
    }

    private static Set<Object> identities() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private static void requireFinite(Object value, int depth, Set<Object> above, Set<Object> done) throws Fault {
        Iterable<?> inside;
        if (value instanceof Instance instance) {
            inside = instance.attributes.values();
        } else if (value instanceof Map<?, ?> map) {
            inside = map.values();
        } else if (value instanceof List<?> list) {
            inside = list;
        } else {
            return;
        }
        if (depth > DEEPEST || above.contains(value)) {
            throw new Fault("it has an object that contains itself, or lies deeper than " + DEEPEST + " others");
        }
        if (done.add(value)) {
            above.add(value);
            for (Object one : inside) {
                requireFinite(one, depth + 1, above, done);
            }
            above.remove(value);
        }
    }

    private Object run() throws Fault {
        while (true) {
            int instruction = code.get() & 0xFF;
            switch (instruction) {
                case 0x80 -> code.get(); // protocol
                case 'c' -> push(new Global(line() + " " + line()));
                case 'q' -> memo.put(code.get() & 0xFF, top());
                case 'r' -> memo.put(code.getInt(), top());
                case 'h' -> push(known(code.get() & 0xFF));
                case 'j' -> push(known(code.getInt()));
                case '(' -> push(MARK);
                case ')' -> push(new ArrayList<>());
                case ']' -> push(new ArrayList<>());
                case '}' -> push(new LinkedHashMap<>());
                case 'N' -> push(NONE);
                case 0x88 -> push(true);
                case 0x89 -> push(false);
                case 'J' -> push((long) code.getInt());
                case 'K' -> push((long) (code.get() & 0xFF));
                case 'M' -> push((long) (code.getShort() & 0xFFFF));
                case 0x8A -> push(number(code.get() & 0xFF));
                case 'G' -> push(code.getDouble());
                case 'X' -> push(text(code.getInt()));
                case 't' -> push(sinceMark());
                case 0x85, 0x86, 0x87 -> push(last(instruction - 0x84));
                case 'Q' -> push(storage(list(pop())));
                case 0x81 -> push(instance());
                case 'R' -> push(call());
                case 'a' -> list(stack.get(stack.size() - 2)).add(pop());
                case 'e' -> appends(sinceMark());
                case 's' -> items(last(2));
                case 'u' -> items(sinceMark());
                case 'b' -> build(pop());
                case '.' -> {
                    if (stack.size() != 1 || code.hasRemaining()) {
                        throw new IllegalStateException("end");
                    }
                    return pop();
                }
                default -> throw new Fault("its objects use the unknown pickle instruction " + instruction);
            }
        }
    }

    private void push(Object value) {
        stack.add(value);
    }

    private Object top() {
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        return stack.remove(stack.size() - 1);
    }

    private Object known(int index) {
        Object value = memo.get(index);
        if (value == null) {
            throw new IllegalStateException("memo");
        }
        return value;
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        for (char next = (char) code.get(); next != '\n'; next = (char) code.get()) {
            line.append(next);
        }
        return line.toString();
    }

    private String text(int length) {
        String text = new String(code.array(), code.position(), length, StandardCharsets.UTF_8);
        code.position(code.position() + length);
        return text;
    }

    private long number(int bytes) {
        long number = 0;
        for (int i = 0; i < bytes; i++) {
            byte next = code.get();
            if (i >= Long.BYTES) {
                throw new IllegalStateException("number");
            }
            number |= (i == bytes - 1 ? (long) next : next & 0xFFL) << (8 * i);
        }
        return number;
    }

    private List<Object> sinceMark() {
        return last(stack.size() - 1 - stack.lastIndexOf(MARK), 1);
    }

    private List<Object> last(int count) {
        return last(count, 0);
    }

    private List<Object> last(int count, int marks) {
        List<Object> end = stack.subList(stack.size() - count, stack.size());
        List<Object> values = new ArrayList<>(end);
        if (values.contains(MARK)) {
            throw new IllegalStateException("mark");
        }
        stack.subList(stack.size() - count - marks, stack.size()).clear();
        return values;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object value) {
        return (List<Object>) value;
    }

    private void appends(List<Object> values) {
        list(top()).addAll(values);
    }

    @SuppressWarnings("unchecked")
    private void items(List<Object> pairs) {
        Map<Object, Object> map = (Map<Object, Object>) top();
        for (int i = 0; i < pairs.size(); i += 2) {
            Object key = pairs.get(i);
            if (!(key instanceof String || key instanceof Long || key instanceof Double || key instanceof Boolean)) {
                throw new IllegalStateException("key");
            }
            map.put(key, pairs.get(i + 1));
        }
    }

    private Instance instance() {
        pop(); // arguments, always none
        return new Instance(((Global) pop()).name().replace(' ', '.'));
    }

    private void build(Object state) {
        Instance instance = (Instance) top();
        if (state instanceof Map<?, ?> map) {
            instance.attributes.putAll(map);
        } else {
            instance.attributes.put("", state); // what the class's __setstate__ gets
        }
    }

    private Object call() throws Fault {
        List<Object> arguments = list(pop());
        String function = ((Global) pop()).name();
        if (function.equals("torch._utils _rebuild_tensor_v2")) {
            return tensor(arguments);
        } else if (function.startsWith("torch._utils")) {
            throw new Fault("it has a tensor that is not a plain one (" + function + ")");
        }
        return function.equals("collections OrderedDict") ? new LinkedHashMap<>() : new ArrayList<>(arguments);
    }

    private Storage storage(List<Object> description) throws Fault {
        String type = ((Global) description.get(1)).name();
        String entry = folder + (String) description.get(2);
        long count = (Long) description.get(4);
        Integer bytes = BYTES.get(type);
        if (bytes == null) {
            throw new Fault("it has tensors of the unknown type " + type);
        }
        byte[] content = entries.get(entry);
        if (content == null) {
            throw new Fault("it has no entry " + entry);
        }
        if (count < 0 || count > content.length / bytes) {
            throw new Fault("its entry " + entry + " must have " + count + " elements of " + bytes + " bytes, but has "
                    + content.length + " bytes");
        }
        return new Storage(entry, count);
    }

    /** Checks that the last element lies inside the storage: offset + sum of (size - 1) * stride. */
    private static Tensor tensor(List<Object> arguments) throws Fault {
        Storage storage = (Storage) arguments.get(0);
        List<Object> sizes = list(arguments.get(2));
        List<Object> strides = list(arguments.get(3));
        long last = (Long) arguments.get(1);
        boolean valid = last >= 0 && sizes.size() == strides.size();
        boolean empty = false;
        for (int i = 0; valid && i < sizes.size(); i++) {
            long size = (Long) sizes.get(i);
            long stride = (Long) strides.get(i);
            empty |= size == 0;
            valid = size >= 0 && stride >= 0 && size <= Integer.MAX_VALUE && stride <= Integer.MAX_VALUE;
            if (valid && size > 1) {
                last = Math.addExact(last, (size - 1) * stride);
            }
        }
        if (!valid || (empty ? last > storage.count() : last >= storage.count())) {
            throw new Fault("it has a tensor that does not lie inside its entry " + storage.entry());
        }
        return new Tensor();
    }
}
