/**
 * Programs of a page each, one for each thing that a user may want to do. They are to be read and copied; they are no
 * library. Read {@link org.fl4j.examples.QuickStart} first.
 */
package org.fl4j.examples;
