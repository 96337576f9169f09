package org.fl4j.data;

import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * A data set in the shape of MNIST that is drawn by code, so that examples and tests need no files: the ten digits as
 * strokes under a random affine map, with bent lines, varying thickness and noise. Features are float32 in [0, 1] of
 * shape (n, 1, 28, 28). Classes are balanced; the same seed gives the same pixels.
 */
public final class Digits {
    private static final int SIDE = 28;
    private static final int CLASSES = 10;

    /** Strokes of each digit in a unit square, y pointing down; a stroke is x, y, x, y, ... */
    private static final List<double[][]> STROKES = List.of(
            new double[][] {arc(.5, .5, .27, .38, 0, 360)},
            new double[][] {{.34, .3, .52, .12, .52, .88}},
            new double[][] {arc(.5, .34, .25, .22, 180, 380), {.73, .42, .27, .87, .76, .87}},
            new double[][] {arc(.47, .31, .24, .19, 200, 450), arc(.47, .69, .27, .19, 270, 520)},
            new double[][] {{.62, .88, .62, .12, .24, .62, .8, .62}},
            new double[][] {{.72, .13, .34, .13, .32, .46}, arc(.48, .65, .26, .23, 230, 500)},
            new double[][] {{.66, .12, .42, .34, .29, .62}, arc(.5, .66, .22, .22, 0, 360)},
            new double[][] {{.24, .14, .76, .14, .44, .88}},
            new double[][] {arc(.5, .3, .2, .18, 0, 360), arc(.5, .68, .25, .2, 0, 360)},
            new double[][] {arc(.5, .34, .22, .22, 0, 360), {.72, .36, .68, .62, .52, .88}});

    private Digits() {}

    /**
     * Draws a data set.
     *
     * @param trainCount how many training examples, at least 10
     * @param testCount how many test examples, at least 10, drawn from the same distribution
     * @param seed where the random choice comes from
     */
    public static Dataset generate(int trainCount, int testCount, Seed seed) {
        return new Dataset(
                draw(Check.atLeast("trainCount", CLASSES, trainCount), seed.derive("digits train")),
                draw(Check.atLeast("testCount", CLASSES, testCount), seed.derive("digits test")),
                CLASSES);
    }

    /**
     * Draws a data set in the shape of CIFAR-10: the same digits in random colours on random backgrounds, shape (n, 3,
     * 32, 32).
     */
    public static Dataset generateColored(int trainCount, int testCount, Seed seed) {
        return new Dataset(
                drawColored(Check.atLeast("trainCount", CLASSES, trainCount), seed.derive("colored digits train")),
                drawColored(Check.atLeast("testCount", CLASSES, testCount), seed.derive("colored digits test")),
                CLASSES);
    }

    private static Examples drawColored(int count, Seed seed) {
        int side = 32;
        int margin = (side - SIDE) / 2;
        byte[] pixels = new byte[count * 3 * side * side];
        byte[] labels = new byte[count];
        IntStream.range(0, count).parallel().forEach(i -> {
            RandomGenerator random = seed.derive(i).generator();
            byte[] gray = new byte[SIDE * SIDE];
            labels[i] = (byte) (i % CLASSES);
            draw(i % CLASSES, random, gray, 0);
            for (int channel = 0; channel < 3; channel++) {
                double paper = 255 * random.nextDouble();
                double ink = 255 * random.nextDouble();
                for (int at = 0; at < side * side; at++) {
                    int row = Math.min(SIDE - 1, Math.max(0, at / side - margin));
                    int column = Math.min(SIDE - 1, Math.max(0, at % side - margin));
                    double share = (gray[row * SIDE + column] & 0xFF) / 255.0;
                    pixels[(i * 3 + channel) * side * side + at] = (byte) Math.round(paper + (ink - paper) * share);
                }
            }
        });
        return ImageFiles.examples(pixels, labels, new Shape(3, side, side));
    }

    private static Examples draw(int count, Seed seed) {
        byte[] pixels = new byte[count * SIDE * SIDE];
        byte[] labels = new byte[count];
        IntStream.range(0, count).parallel().forEach(i -> {
            labels[i] = (byte) (i % CLASSES);
            draw(i % CLASSES, seed.derive(i).generator(), pixels, i * SIDE * SIDE);
        });
        return ImageFiles.examples(pixels, labels, new Shape(1, SIDE, SIDE));
    }

    private static void draw(int digit, RandomGenerator random, byte[] pixels, int at) {
        double angle = random.nextGaussian() * .18;
        double shear = random.nextGaussian() * .2;
        double width = 18 + 3 * random.nextGaussian();
        double height = 22 + 2.5 * random.nextGaussian();
        double moveX = SIDE / 2.0 + 1.8 * random.nextGaussian();
        double moveY = SIDE / 2.0 + 1.5 * random.nextGaussian();
        double radius = .9 + .6 * random.nextDouble();
        double ink = 170 + 85 * random.nextDouble();
        double noise = 14 + 26 * random.nextDouble();
        double bendX = random.nextGaussian() * .05;
        double bendY = random.nextGaussian() * .05;
        double phase = random.nextDouble() * 2 * Math.PI;

        double[][] strokes = new double[STROKES.get(digit).length][];
        for (int s = 0; s < strokes.length; s++) {
            double[] points = STROKES.get(digit)[s].clone();
            for (int p = 0; p < points.length; p += 2) {
                double x = points[p] - .5 + bendX * Math.sin(6 * points[p + 1] + phase);
                double y = points[p + 1] - .5 + bendY * Math.sin(6 * points[p] + phase);
                x = (x + shear * y) * width;
                y = y * height;
                points[p] = moveX + Math.cos(angle) * x - Math.sin(angle) * y;
                points[p + 1] = moveY + Math.sin(angle) * x + Math.cos(angle) * y;
            }
            strokes[s] = points;
        }
        double[] distances = distances(strokes, radius + .5);
        for (int i = 0; i < SIDE * SIDE; i++) {
            double value = ink * Math.max(0, Math.min(1, radius + .5 - distances[i])) + noise * random.nextGaussian();
            pixels[at + i] = (byte) Math.round(Math.max(0, Math.min(255, value)));
        }
    }

    /**
     * Returns the distance of each pixel's middle from the nearest segment of any stroke; infinite where it is beyond
     * the reach.
     */
    private static double[] distances(double[][] strokes, double reach) {
        double[] squares = new double[SIDE * SIDE];
        Arrays.fill(squares, Double.POSITIVE_INFINITY);
        for (double[] points : strokes) {
            for (int p = 2; p < points.length; p += 2) {
                drawSegment(points[p - 2], points[p - 1], points[p], points[p + 1], reach, squares);
            }
        }
        for (int i = 0; i < squares.length; i++) {
            squares[i] = Math.sqrt(squares[i]);
        }
        return squares;
    }

    /** Brings the squared distances of the pixels near a segment down to the segment's. */
    private static void drawSegment(double x0, double y0, double x1, double y1, double reach, double[] squares) {
        double dx = x1 - x0;
        double dy = y1 - y0;
        int firstRow = Math.max(0, (int) Math.floor(Math.min(y0, y1) - reach - .5));
        int lastRow = Math.min(SIDE - 1, (int) Math.ceil(Math.max(y0, y1) + reach));
        int firstColumn = Math.max(0, (int) Math.floor(Math.min(x0, x1) - reach - .5));
        int lastColumn = Math.min(SIDE - 1, (int) Math.ceil(Math.max(x0, x1) + reach));
        for (int row = firstRow; row <= lastRow; row++) {
            for (int column = firstColumn; column <= lastColumn; column++) {
                double x = column + .5;
                double y = row + .5;
                double along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy);
                double t = Math.max(0, Math.min(1, along));
                double ex = x0 + t * dx - x;
                double ey = y0 + t * dy - y;
                int at = row * SIDE + column;
                squares[at] = Math.min(squares[at], ex * ex + ey * ey);
            }
        }
    }

    private static double[] arc(double cx, double cy, double rx, double ry, double fromDegrees, double toDegrees) {
        int pieces = 14;
        double[] points = new double[2 * (pieces + 1)];
        for (int i = 0; i <= pieces; i++) {
            double angle = Math.toRadians(fromDegrees + (toDegrees - fromDegrees) * i / pieces);
            points[2 * i] = cx + rx * Math.cos(angle);
            points[2 * i + 1] = cy + ry * Math.sin(angle);
        }
        return points;
    }
}
