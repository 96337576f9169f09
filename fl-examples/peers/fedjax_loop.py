"""FedAvg rounds of FedJAX on the work of torch_loops.py (softmax and 2nn), which has the arguments. XLA compiles in the first
round, which is not counted. `benchmark all` of fl-examples runs it."""
import gzip
import json
import os
import statistics
import sys
import time

threads = int(sys.argv[sys.argv.index("--threads") + 1])
if threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np

if not hasattr(jax, "tree_map"):
    jax.tree_map = jax.tree_util.tree_map
import fedjax
from fedjax.algorithms import fed_avg


def option(name, convert=int):
    return convert(sys.argv[sys.argv.index("--" + name) + 1])


clients, examples, cohort = option("clients"), option("examples"), option("cohort")
data = option("data", str)
with gzip.open(f"{data}/train-images-idx3-ubyte.gz") as file:
    x = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
with gzip.open(f"{data}/train-labels-idx1-ubyte.gz") as file:
    y = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int32)
sizes = [784, 10] if option("model", str) == "softmax" else [784, 200, 200, 10]
random = np.random.default_rng(1)
start = []
for i, o in zip(sizes, sizes[1:]):
    bound = 1 / np.sqrt(i)
    start += [jnp.asarray(random.uniform(-bound, bound, s).astype(np.float32)) for s in ((o, i), (o,))]


def predict(parameters, batch):
    h = batch["x"]
    for k in range(0, len(parameters), 2):
        h = (jax.nn.relu(h) if k else h) @ parameters[k].T + parameters[k + 1]
    return h


def loss(batch, outputs):
    return -jax.nn.log_softmax(outputs)[jnp.arange(outputs.shape[0]), batch["y"]]


model = fedjax.Model(init=lambda key: start, apply_for_train=lambda p, b, key=None: predict(p, b),
                     apply_for_eval=predict, train_loss=loss, eval_metrics={})
held = random.permutation(len(y))[:clients * examples].reshape(clients, examples)
sets = [fedjax.ClientDataset({"x": x[rows], "y": y[rows]}) for rows in held]
batches = fedjax.ShuffleRepeatBatchHParams(batch_size=option("batch"), num_epochs=1, seed=0)
algorithm = fed_avg.federated_averaging(fedjax.model_grad(model), fedjax.optimizers.sgd(option("rate", float)),
                                        fedjax.optimizers.sgd(1.0), batches)
state = algorithm.init(start)
seconds = []
with fedjax.for_each_client_backend("jit"):
    for number in range(option("rounds")):
        chosen = random.choice(clients, cohort, replace=False)
        begin = time.perf_counter()
        keys = jax.random.split(jax.random.PRNGKey(number), cohort)
        state, _ = algorithm.apply(state, [(int(c), sets[c], k) for c, k in zip(chosen, keys)])
        jax.block_until_ready(state.params)
        seconds.append(time.perf_counter() - begin)
print(json.dumps({"system": "FedJAX on JAX " + jax.__version__, "round_seconds_median":
                  round(statistics.median(seconds[1:]), 6)}))
