/** Bounds on norms. Read {@link org.fl4j.privacy.clipping.NormClipping} first. */
package org.fl4j.privacy.clipping;
