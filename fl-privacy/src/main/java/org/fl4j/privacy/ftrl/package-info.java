/** Differential privacy without sampling, by correlated noise. Read {@link org.fl4j.privacy.ftrl.DpFtrl} first. */
package org.fl4j.privacy.ftrl;
