/** Differential privacy that clients give themselves. Read {@link org.fl4j.privacy.local.NoisyUpload} first. */
package org.fl4j.privacy.local;
