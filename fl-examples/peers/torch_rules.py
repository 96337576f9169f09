"""Times PyTorch's operations for robust rules on updates of normal noise, like RuleBenchmark.

    python torch_rules.py THREADS
"""
import statistics
import sys
import time

import torch


def krum(x):
    distances = torch.cdist(x, x) ** 2
    scores = distances.sort(1).values[:, 1:len(x) - 2 - 2 + 1].sum(1)
    return x[scores.argmin()]


def trimmed(x):
    cut = len(x) // 5
    return x.sort(0).values[cut:len(x) - cut].mean(0)


RULES = {"median": lambda x: x.median(0).values, "trimmedMean": trimmed, "krum": krum}

torch.set_num_threads(int(sys.argv[1]))
for count, length in (10, 1_663_370), (100, 199_210):
    x = torch.randn(count, length)
    for name, rule in RULES.items():
        seconds = []
        for _ in range(7):
            begin = time.perf_counter()
            rule(x)
            seconds.append(time.perf_counter() - begin)
        print(f"{name} {count}x{length}: {1e3 * statistics.median(seconds):.1f} ms")
