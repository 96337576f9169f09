/** Client selection strategies. Read {@link org.fl4j.selection.UniformSelector} first. */
package org.fl4j.selection;
