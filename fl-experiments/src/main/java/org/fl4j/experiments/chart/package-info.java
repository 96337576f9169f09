/** Charts of runs. Read {@link org.fl4j.experiments.chart.RunChart} first. */
package org.fl4j.experiments.chart;
