/**
 * Reports about tracked runs, each one HTML file that needs nothing else: {@link org.fl4j.experiments.report.RunReport}
 * first.
 */
package org.fl4j.experiments.report;
