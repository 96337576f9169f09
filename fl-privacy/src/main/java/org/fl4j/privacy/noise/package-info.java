/** Where noise comes from. Read {@link org.fl4j.privacy.noise.NoiseSource} first. */
package org.fl4j.privacy.noise;
