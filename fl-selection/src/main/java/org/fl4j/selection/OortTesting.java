package org.fl4j.selection;

import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.world.DeviceProfile;
import org.fl4j.world.Workload;
import org.ojalgo.optimisation.Expression;
import org.ojalgo.optimisation.ExpressionsBasedModel;
import org.ojalgo.optimisation.Optimisation;
import org.ojalgo.optimisation.Variable;

/**
 * Oort's testing selector (Lai et al., OSDI 2021, section 5): which clients shall test a model, so that their data are
 * like all data, or have so many examples of each category, as soon as can be.
 */
public final class OortTesting {
    private static final double TRAINING_OVER_INFERENCE = 3; // time of an example, as in DeviceProfile.ofFedScale

    private OortTesting() {}

    /**
     * Returns how many clients, drawn uniformly, have data whose mean deviates from that of all by at most so much, by
     * Hoeffding's and Serfling's bounds: {@code (N + 1) / (1 - 2 N / ln(1 - confidence) (deviation / range)^2)},
     * rounded up.
     *
     * @param deviation positive
     * @param range of a client's value, such as the number of its examples, positive
     * @param population N, at least 1
     * @param confidence in (0, 1)
     */
    public static int participants(double deviation, double range, int population, double confidence) {
        return (int) Math.min(population, Math.ceil(exactParticipants(deviation, range, population, confidence)));
    }

    static double exactParticipants(double deviation, double range, int population, double confidence) {
        Check.positive("deviation", deviation);
        Check.positive("range", range);
        Check.positive("population", population);
        Check.that(confidence > 0 && confidence < 1, "confidence", "in (0, 1)", confidence);
        double share = deviation / range;
        return (population + 1) / (1 - 2.0 * population / Math.log(1 - confidence) * share * share);
    }

    /**
     * Who tests on how many examples of each category.
     *
     * @param quantities by client, one number for each category
     * @param seconds until the last of them is done
     */
    public record Assignment(SortedMap<ClientId, List<Integer>> quantities, double seconds) {
        /** Copies the map. */
        public Assignment {
            quantities = Collections.unmodifiableSortedMap(new TreeMap<>(quantities));
        }
    }

    /**
     * Assigns examples of each category to clients so that the slowest is done early: clients are chosen greedily,
     * those first who hold most of what is still needed, and their shares by a linear program, rounded to whole
     * examples. Never slower than the greedy shares.
     *
     * @param wanted how many examples of each category are needed, at least 0
     * @param held how many examples of each category each client holds, by client
     * @param devices of the clients; testing an example takes a third of training on it
     * @param modelBytes what each client that takes part receives
     * @param budget how many clients may take part, at least 1
     * @return none if clients within the budget do not hold enough
     */
    public static Optional<Assignment> byCategory(
            int[] wanted, int[][] held, List<DeviceProfile> devices, long modelBytes, int budget) {
        Check.positive("budget", budget);
        Check.positive("categories", wanted.length);
        Check.that(modelBytes >= 0, "modelBytes", "at least 0", modelBytes);
        Arrays.stream(wanted).forEach(count -> Check.atLeast("examples wanted", 0, count));
        Check.that(devices.size() == held.length, "devices", "as many as clients, " + held.length, devices.size());
        for (int[] row : held) {
            Check.that(
                    row.length == wanted.length, "categories held", "as many as wanted, " + wanted.length, row.length);
            Arrays.stream(row).forEach(count -> Check.atLeast("examples held", 0, count));
        }
        int[][] greedy = new int[held.length][];
        int[] needed = wanted.clone();
        while (Arrays.stream(needed).anyMatch(count -> count > 0)) {
            Optional<Integer> next = IntStream.range(0, held.length)
                    .boxed()
                    .filter(client -> greedy[client] == null && useful(held[client], needed) > 0)
                    .max(Comparator.<Integer>comparingLong(client -> useful(held[client], needed))
                            .thenComparing(Comparator.reverseOrder()));
            long chosen = Arrays.stream(greedy).filter(row -> row != null).count();
            if (next.isEmpty() || chosen == budget) {
                return Optional.empty();
            }
            int[] given = new int[wanted.length];
            for (int category = 0; category < wanted.length; category++) {
                given[category] = Math.min(held[next.get()][category], needed[category]);
                needed[category] -= given[category];
            }
            greedy[next.get()] = given;
        }
        Problem problem = new Problem(wanted, held, devices, modelBytes);
        Assignment byGreed = problem.assignment(greedy);
        Assignment byProgram = problem.assignment(problem.balanced(greedy));
        return Optional.of(byProgram.seconds() < byGreed.seconds() ? byProgram : byGreed);
    }

    private static long useful(int[] held, int[] needed) {
        long sum = 0;
        for (int category = 0; category < needed.length; category++) {
            sum += Math.min(held[category], needed[category]);
        }
        return sum;
    }

    private static final class Problem {
        private final int[] wanted;
        private final int[][] held;
        private final List<DeviceProfile> devices;
        private final long modelBytes;

        Problem(int[] wanted, int[][] held, List<DeviceProfile> devices, long modelBytes) {
            this.wanted = wanted;
            this.held = held;
            this.devices = devices;
            this.modelBytes = modelBytes;
        }

        private double download(int client) {
            return devices.get(client).seconds(new Workload(modelBytes, 0, 0));
        }

        private double secondsPerExample(int client) {
            return devices.get(client).secondsPerExample() / TRAINING_OVER_INFERENCE;
        }

        private double seconds(int client, int... quantities) {
            return download(client) + Arrays.stream(quantities).sum() * secondsPerExample(client);
        }

        Assignment assignment(int[][] quantities) {
            TreeMap<ClientId, List<Integer>> byClient = new TreeMap<>();
            double slowest = 0;
            for (int client = 0; client < quantities.length; client++) {
                if (quantities[client] != null
                        && Arrays.stream(quantities[client]).sum() > 0) {
                    byClient.put(
                            new ClientId(client),
                            Arrays.stream(quantities[client]).boxed().toList());
                    slowest = Math.max(slowest, seconds(client, quantities[client]));
                }
            }
            return new Assignment(byClient, slowest);
        }

        /**
         * The linear program over the clients that were chosen: least time of the slowest, with as many examples as
         * wanted.
         */
        int[][] balanced(int[][] chosen) {
            ExpressionsBasedModel model = new ExpressionsBasedModel();
            Variable slowest = model.newVariable("seconds").lower(0).weight(1);
            Variable[][] shares = new Variable[held.length][wanted.length];
            for (int client = 0; client < held.length; client++) {
                if (chosen[client] == null) {
                    continue;
                }
                Expression time = model.newExpression("time of " + client).upper(-download(client));
                time.set(slowest, -1);
                for (int category = 0; category < wanted.length; category++) {
                    shares[client][category] =
                            model.newVariable(client + "/" + category).lower(0).upper(held[client][category]);
                    time.set(shares[client][category], secondsPerExample(client));
                }
            }
            for (int category = 0; category < wanted.length; category++) {
                Expression all = model.newExpression("category " + category).lower(wanted[category]);
                for (Variable[] row : shares) {
                    if (row[category] != null) {
                        all.set(row[category], 1);
                    }
                }
            }
            Optimisation.Result result = model.minimise();
            return result.getState().isFeasible() ? rounded(shares) : chosen;
        }

        /** Rounded down, and what is missing given to whoever is then done first. */
        private int[][] rounded(Variable[][] shares) {
            int[][] whole = new int[held.length][];
            for (int client = 0; client < held.length; client++) {
                if (shares[client][0] != null) {
                    whole[client] = new int[wanted.length];
                    for (int category = 0; category < wanted.length; category++) {
                        double share = shares[client][category].getValue().doubleValue();
                        whole[client][category] = (int) Math.min(held[client][category], Math.floor(share + 1e-9));
                    }
                }
            }
            for (int category = 0; category < wanted.length; category++) {
                int of = category;
                int given = Arrays.stream(whole)
                        .filter(row -> row != null)
                        .mapToInt(row -> row[of])
                        .sum();
                for (; given < wanted[category]; given++) {
                    int first = IntStream.range(0, held.length)
                            .filter(client -> whole[client] != null && whole[client][of] < held[client][of])
                            .boxed()
                            .min(Comparator.comparingDouble(
                                    client -> seconds(client, whole[client]) + secondsPerExample(client)))
                            .orElseThrow();
                    whole[first][category]++;
                }
            }
            return whole;
        }
    }
}
