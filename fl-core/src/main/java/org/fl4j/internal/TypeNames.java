package org.fl4j.internal;

/** Names of the types of strategies, for messages. */
public final class TypeNames {
    private TypeNames() {}

    /**
     * Returns the full name of the object's class; of a lambda, whose name has a number that differs from process to
     * process, where it stands.
     */
    public static String of(Object object) {
        if (object == null) {
            return "null";
        }
        if (object instanceof Wrapper wrapper) {
            return of(wrapper.wrapped());
        }
        String name = object.getClass().getName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : "a lambda of " + name.substring(0, lambda);
    }

    /** Returns the same without the package. */
    public static String simple(Object object) {
        return of(object).replaceFirst("(?:[\\p{javaLowerCase}\\d_]+\\.)+", "");
    }
}
