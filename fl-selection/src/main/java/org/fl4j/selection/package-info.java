/** Client selection strategies. Read {@link org.fl4j.server.UniformSelector} first. */
package org.fl4j.selection;
