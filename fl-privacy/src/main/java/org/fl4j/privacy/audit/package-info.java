/** What an attacker can show about a mechanism. Read {@link org.fl4j.privacy.audit.PrivacyAudit} first. */
package org.fl4j.privacy.audit;
