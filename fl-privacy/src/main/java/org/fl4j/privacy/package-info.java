/** Clipping, noise and accounting. Read {@link org.fl4j.privacy.NormClipping} first. */
package org.fl4j.privacy;
