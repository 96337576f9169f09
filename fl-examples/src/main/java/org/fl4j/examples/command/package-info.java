/** The command-line program. Read {@link org.fl4j.examples.command.Main} first. */
package org.fl4j.examples.command;
