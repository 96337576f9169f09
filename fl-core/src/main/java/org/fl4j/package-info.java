/** What all packages share: the exception for settings that break a rule. */
package org.fl4j;
