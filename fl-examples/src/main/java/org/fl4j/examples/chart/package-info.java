/** Charts of runs. Read {@link org.fl4j.examples.chart.RunChart} first. */
package org.fl4j.examples.chart;
