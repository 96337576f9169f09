/**
 * Data as tensors. Read {@link org.fl4j.data.Dataset} first (where examples come from: {@link org.fl4j.data.Digits},
 * which needs no files, {@link org.fl4j.data.MnistReader}, {@link org.fl4j.data.CifarReader},
 * {@code DownloadedDatasets} in fl-experiments), then {@link org.fl4j.data.Partitioner} (who gets which), then
 * {@link org.fl4j.data.FederatedDataset} (what a client trains on, and what it is evaluated on:
 * {@link org.fl4j.data.LocalSplit}).
 */
package org.fl4j.data;
