/** Charts of runs, and of how costs grow. Read {@link org.fl4j.experiments.chart.RunChart} first. */
package org.fl4j.experiments.chart;
