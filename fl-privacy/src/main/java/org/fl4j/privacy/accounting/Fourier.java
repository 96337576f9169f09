package org.fl4j.privacy.accounting;

/** The fast Fourier transform (Cooley and Tukey 1965), radix 2, in place. */
final class Fourier {
    private Fourier() {}

    /**
     * Transforms; the length is a power of two. Twice, but for the order of elements, is the length times the identity.
     */
    static void transform(double[] re, double[] im) {
        int n = re.length;
        for (int i = 1, j = 0; i < n; i++) {
            int bit = n >> 1;
            for (; (j & bit) != 0; bit >>= 1) {
                j ^= bit;
            }
            j ^= bit;
            if (i < j) {
                swap(re, i, j);
                swap(im, i, j);
            }
        }
        double[] cosines = new double[n / 2];
        double[] sines = new double[n / 2];
        for (int i = 0; i < n / 2; i++) {
            cosines[i] = Math.cos(2 * Math.PI * i / n);
            sines[i] = -Math.sin(2 * Math.PI * i / n);
        }
        for (int length = 2; length <= n; length *= 2) {
            int stride = n / length;
            for (int start = 0; start < n; start += length) {
                for (int k = 0; k < length / 2; k++) {
                    int a = start + k;
                    int b = a + length / 2;
                    double c = cosines[k * stride];
                    double s = sines[k * stride];
                    double x = re[b] * c - im[b] * s;
                    double y = re[b] * s + im[b] * c;
                    re[b] = re[a] - x;
                    im[b] = im[a] - y;
                    re[a] += x;
                    im[a] += y;
                }
            }
        }
    }

    private static void swap(double[] values, int i, int j) {
        double value = values[i];
        values[i] = values[j];
        values[j] = value;
    }
}
