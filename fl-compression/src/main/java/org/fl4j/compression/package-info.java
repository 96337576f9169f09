/** Codecs: updates in fewer bytes. Read {@link org.fl4j.compression.ScaledSign} first. */
package org.fl4j.compression;
