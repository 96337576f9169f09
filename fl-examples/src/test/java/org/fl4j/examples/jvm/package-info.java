/**
 * Clients in other processes of this machine: a second implementation of the seam where clients run, of public types
 * only.
 */
package org.fl4j.examples.jvm;
