package org.fl4j;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that somebody meant who misspelt one. */
final class ClosestName {
    private ClosestName() {}

    /** Returns the closest of some names, unless more than half of the letters would have to be changed. */
    static Optional<String> to(String name, Collection<String> names) {
        String lower = name.toLowerCase(Locale.ROOT);
        return names.stream()
                .min(Comparator.comparingInt(known -> distance(lower, known.toLowerCase(Locale.ROOT))))
                .filter(known -> distance(lower, known.toLowerCase(Locale.ROOT)) <= name.length() / 2);
    }

    /** How many letters have to be changed (Levenshtein 1966). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(row[j - 1], above) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
