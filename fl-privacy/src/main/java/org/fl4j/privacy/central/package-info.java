/** Differential privacy with a trusted server. Read {@link org.fl4j.privacy.central.CentralDp} first. */
package org.fl4j.privacy.central;
