/** Sums of which the server sees no part. Read {@link org.fl4j.privacy.secure.SecureSum} first. */
package org.fl4j.privacy.secure;
