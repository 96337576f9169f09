package org.fl4j.privacy.local;

import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.PrivacyTerms;

/** Counts what each client's own releases cost: an account is a few numbers, zeros at first. */
interface ClientLedger {
    /** Returns how many numbers an account has. */
    int numbers();

    /** Returns what a client would release in a round at the least noise it may have. */
    PrivacyEvent next(ClientId client, int round);

    /** Returns what a client released, by what it sent. */
    PrivacyEvent released(Facts sent);

    /** Returns the scale of the noise on each coordinate of a release. */
    double scale(PrivacyEvent release);

    /** Returns the account after a release. */
    double[] charged(double[] account, PrivacyEvent release);

    /** Returns the epsilon of an account. */
    double spent(double... account);

    /** Returns the epsilon of one release alone. */
    default double cost(PrivacyEvent release) {
        return spent(charged(new double[numbers()], release));
    }

    /** Returns what all releases of a run have in common, as far as accounts do not tell. */
    PrivacyTerms terms();

    /** Returns what each client may spend. */
    double epsilon();
}
