/** Argument checks, and what files have in common, shared by FL4J's own modules; not an API. */
package org.fl4j.internal;
