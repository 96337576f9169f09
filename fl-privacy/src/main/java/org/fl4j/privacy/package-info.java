/**
 * The names of this module. Read {@link org.fl4j.privacy.central.CentralDp} for differential privacy, {@link
 * org.fl4j.privacy.clipping.NormClipping} for bounds alone.
 */
package org.fl4j.privacy;
