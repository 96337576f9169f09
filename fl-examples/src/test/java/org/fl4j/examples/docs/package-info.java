/**
 * Checks what the documentation says: its Java is compiled, its experiments are read, its commands are parsed, its
 * links lead somewhere. Read {@link org.fl4j.examples.docs.Snippet} first.
 */
package org.fl4j.examples.docs;
