package org.fl4j.privacy.secure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class PrimeFieldTest {
    private static final BigInteger PRIME = BigInteger.valueOf(PrimeField.PRIME);
    private final RandomGenerator random = new Seed(1).generator();

    @Test
    void agreesWithBigIntegers() {
        long[] edges = {0, 1, 2, PrimeField.PRIME - 1, PrimeField.PRIME - 2, 1L << 60};
        for (int i = 0; i < 10_000; i++) {
            long a = i < 36 ? edges[i / 6] : random.nextLong(PrimeField.PRIME);
            long b = i < 36 ? edges[i % 6] : random.nextLong(PrimeField.PRIME);
            BigInteger x = BigInteger.valueOf(a);
            BigInteger y = BigInteger.valueOf(b);
            assertThat(PrimeField.multiply(a, b))
                    .isEqualTo(x.multiply(y).mod(PRIME).longValueExact());
            assertThat(PrimeField.add(a, b)).isEqualTo(x.add(y).mod(PRIME).longValueExact());
            assertThat(PrimeField.subtract(a, b))
                    .isEqualTo(x.subtract(y).mod(PRIME).longValueExact());
        }
        assertThat(PrimeField.power(37, 123_456_789_012L))
                .isEqualTo(BigInteger.valueOf(37)
                        .modPow(BigInteger.valueOf(123_456_789_012L), PRIME)
                        .longValueExact());
        assertThat(PrimeField.multiply(12345, PrimeField.inverse(12345))).isEqualTo(1);
        assertThatThrownBy(() -> PrimeField.inverse(0)).hasMessage("number to invert must be other than 0, but was 0");
    }

    private static Map<Integer, Long> shares(long[] polynomial, int... holders) {
        Map<Integer, Long> shares = new TreeMap<>();
        for (int holder : holders) {
            shares.put(holder, PrimeField.share(holder, polynomial));
        }
        return shares;
    }

    @Test
    void anyFiveOfEightSharesTellTheSecretAndFourDoNot() {
        long secret = 1_234_567_890_123_456_789L;
        long[] polynomial = PrimeField.polynomial(secret, 5, random);
        assertThat(PrimeField.secret(shares(polynomial, 1, 2, 3, 4, 5))).isEqualTo(secret);
        assertThat(PrimeField.secret(shares(polynomial, 8, 6, 2, 7, 1))).isEqualTo(secret);
        assertThat(PrimeField.secret(shares(polynomial, 1, 2, 3, 4, 5, 6, 7, 8)))
                .isEqualTo(secret);
        assertThat(PrimeField.secret(shares(polynomial, 1, 2, 3, 4))).isNotEqualTo(secret);
        assertThat(PrimeField.secret(shares(polynomial, 5, 6, 7, 8))).isNotEqualTo(secret);
    }
}
