"""FedAvg rounds by hand in PyTorch, as a careful researcher writes them: all data are tensors, and batch orders are drawn
before the clock starts. Prints one JSON line with the median of the rounds' seconds. `benchmark all` of fl-examples runs it.

kinds: loop     one client after another, nn.Module, autograd and torch.optim.SGD
       hand     the same, backward pass by hand, without autograd (softmax and 2nn)
       vmap     all clients of a round at once, with torch.func (softmax and 2nn)
       batched  the same by hand, with stacked weights (softmax and 2nn)
"""
import argparse
import gzip
import json
import multiprocessing
import os
import statistics
import sys
import time

if "--threads" in sys.argv:  # before libraries read it
    for name in "OMP_NUM_THREADS", "MKL_NUM_THREADS":
        os.environ[name] = sys.argv[sys.argv.index("--threads") + 1]

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def arguments():
    parser = argparse.ArgumentParser()
    for name in "kind", "model", "data":
        parser.add_argument("--" + name)
    for name in "clients", "examples", "cohort", "batch", "rounds", "threads", "processes":
        parser.add_argument("--" + name, type=int, default=1)
    parser.add_argument("--rate", type=float)
    return parser.parse_args()


def read(a):
    """Returns features and labels of the training examples."""
    if a.model in ("lstm", "transformer"):
        text = open(f"{a.data}/input.txt").read()
        known = {c: i for i, c in enumerate(sorted(set(text)))}
        tokens = torch.tensor([known[c] for c in text])
        length = 80 if a.model == "lstm" else 64
        windows = (len(tokens) - 1) // length
        x = tokens[:windows * length].view(windows, length)
        return x, tokens[length::length][:windows] if a.model == "lstm" else tokens[1:windows * length + 1].view_as(x)
    if a.model in ("cifar-cnn", "resnet"):
        raw = np.concatenate([np.fromfile(f"{a.data}/data_batch_{i}.bin", np.uint8) for i in range(1, 6)])
        raw = raw.reshape(-1, 3073)
        x = torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
        mean, deviation = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
        return (x - mean) / deviation, torch.from_numpy(raw[:, 0].astype(np.int64))
    with gzip.open(f"{a.data}/train-images-idx3-ubyte.gz") as file:
        x = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(f"{a.data}/train-labels-idx1-ubyte.gz") as file:
        y = np.frombuffer(file.read(), np.uint8, offset=8)
    return torch.from_numpy(x.astype(np.float32) / 255), torch.from_numpy(y.astype(np.int64))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(65, 8), nn.LSTM(8, 256, 2, batch_first=True), nn.Linear(256, 65)

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0][:, -1])


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mix = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        n, t, f = x.shape
        q, k, v = self.attention(self.first(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, t, f)
        x = x + self.out(y)
        return x + self.mix(self.second(x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(65, 128), nn.Parameter(torch.randn(64, 128) * 0.02)
        self.blocks = nn.Sequential(*[Block(128, 4) for _ in range(4)], nn.LayerNorm(128), nn.Linear(128, 65))

    def forward(self, x):
        return self.blocks(self.tokens(x) + self.positions).transpose(1, 2)


class Residual(nn.Module):
    def __init__(self, before, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, filters, 3, stride, 1, bias=False), nn.GroupNorm(32, filters), nn.ReLU(),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.GroupNorm(32, filters))
        self.shortcut = nn.Sequential() if stride == 1 and before == filters else nn.Sequential(
            nn.Conv2d(before, filters, 1, stride, bias=False), nn.GroupNorm(32, filters))

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def resnet():
    layers, before = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.GroupNorm(32, 64), nn.ReLU()], 64
    for stage in range(4):
        for block in range(2):
            layers.append(Residual(before, 64 << stage, 2 if stage and not block else 1))
            before = 64 << stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def network(name):
    if name in ("lstm", "transformer", "resnet"):
        return {"lstm": Lstm, "transformer": Transformer, "resnet": resnet}[name]()
    if name == "softmax":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    if name == "2nn":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(),
                             nn.Linear(200, 10))
    if name == "cnn":
        return nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                             nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, 10))
    return nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Dropout(0.25), nn.Flatten(), nn.Linear(12544, 128), nn.ReLU(), nn.Dropout(0.5),
                         nn.Linear(128, 10))


class Work:
    def __init__(self, a):
        self.a = a
        torch.set_num_threads(a.threads)
        torch.manual_seed(0)
        torch.set_num_interop_threads(1)
        self.x, self.y = read(a)
        if a.model in ("softmax", "2nn"):
            self.x = self.x.flatten(1)
        random = np.random.default_rng(1)
        held = random.permutation(len(self.y))[:a.clients * a.examples].reshape(a.clients, a.examples)
        self.rounds = [[torch.from_numpy(held[c][random.permutation(a.examples)])
                        for c in random.choice(a.clients, a.cohort, replace=False)] for _ in range(a.rounds)]
        self.model = network(a.model)
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.SGD(self.parameters, lr=a.rate)
        self.received = [p.detach().clone() for p in self.parameters]

    def batches(self, rows):
        for i in range(0, self.a.examples, self.a.batch):
            yield rows[..., i:i + self.a.batch]

    def loop(self, rows):
        """Trains one client, from the received parameters."""
        with torch.no_grad():
            for p, r in zip(self.parameters, self.received):
                p.copy_(r)
        x, y = self.x[rows], self.y[rows]
        for at in self.batches(torch.arange(len(rows))):
            self.optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(self.model(x[at[0]:at[-1] + 1]), y[at[0]:at[-1] + 1]).backward()
            self.optimizer.step()
        return self.parameters

    def clients(self, cohort):
        """Returns the sum of the parameters of some clients."""
        train = {"loop": self.loop, "hand": self.hand}.get(self.a.kind)
        with torch.no_grad():
            total = [torch.zeros_like(p) for p in self.parameters]
        for rows in cohort if train else []:
            trained = train(rows)
            with torch.no_grad():
                for t, p in zip(total, trained):
                    t.add_(p)
        return total if train else getattr(self, self.a.kind)(torch.stack(cohort))

    @torch.no_grad()
    def hand(self, rows):
        """The weights' gradients are added to the weights while they are computed."""
        ps = [r.clone() for r in self.received]
        weights, biases = ps[0::2], ps[1::2]
        x, y = self.x[rows].flatten(1), F.one_hot(self.y[rows], 10).float()
        for at in self.batches(torch.arange(len(rows))):
            inputs = [x[at[0]:at[-1] + 1]]
            for w, b in zip(weights[:-1], biases):
                inputs.append(torch.addmm(b, inputs[-1], w.t()).relu_())
            g = torch.addmm(biases[-1], inputs[-1], weights[-1].t()).softmax(1)
            g = g.sub_(y[at[0]:at[-1] + 1]).div_(len(at))
            for k in reversed(range(len(weights))):
                below = (g @ weights[k]).mul_(inputs[k] > 0) if k else None
                weights[k].addmm_(g.t(), inputs[k], alpha=-self.a.rate)
                biases[k].sub_(g.sum(0), alpha=self.a.rate)
                g = below
        return ps

    def vmap(self, rows):
        names = [name for name, _ in self.model.named_parameters()]

        def loss(ps, x, y):
            return F.cross_entropy(torch.func.functional_call(self.model, ps, (x,)), y)

        gradients = torch.func.vmap(torch.func.grad(loss))
        ps = {n: r.expand(len(rows), *r.shape).clone() for n, r in zip(names, self.received)}
        for at in self.batches(rows):
            g = gradients(ps, self.x[at], self.y[at])
            for n in names:
                ps[n].add_(g[n], alpha=-self.a.rate)
        return [ps[n].detach().sum(0) for n in names]

    @torch.no_grad()
    def batched(self, rows):
        ps = [r.expand(len(rows), *r.shape).clone() for r in self.received]
        weights, biases = ps[0::2], ps[1::2]
        for at in self.batches(rows):
            k, n = at.shape
            inputs = [self.x[at.reshape(-1)].view(k, n, -1)]
            for w, b in zip(weights[:-1], biases):
                inputs.append(torch.baddbmm(b.unsqueeze(1), inputs[-1], w.transpose(1, 2)).relu_())
            g = torch.baddbmm(biases[-1].unsqueeze(1), inputs[-1], weights[-1].transpose(1, 2)).softmax(2)
            labels = self.y[at.reshape(-1)].view(k, n, 1)
            g.scatter_add_(2, labels, torch.full((k, n, 1), -1.0)).div_(n)
            for i in reversed(range(len(weights))):
                below = torch.bmm(g, weights[i]).mul_(inputs[i] > 0) if i else None
                weights[i].baddbmm_(g.transpose(1, 2), inputs[i], alpha=-self.a.rate)
                biases[i].sub_(g.sum(1), alpha=self.a.rate)
                g = below
        return [p.sum(0) for p in ps]


def serve(a, pipe, share):
    """A process that trains its share of each round's clients."""
    work = Work(a)
    pipe.send("ready")
    while (command := pipe.recv()) is not None:
        number, work.received = command
        pipe.send([p.detach() for p in work.clients(work.rounds[number][share::a.processes])])


def run(a):
    seconds = []
    if a.processes == 1:
        work = Work(a)
        for cohort in work.rounds:
            begin = time.perf_counter()
            total = work.clients(cohort)
            with torch.no_grad():
                work.received = [t / a.cohort for t in total]
            seconds.append(time.perf_counter() - begin)
        return seconds
    context = multiprocessing.get_context("spawn")
    pipes = []
    for share in range(a.processes):
        here, there = context.Pipe()
        context.Process(target=serve, args=(a, there, share), daemon=True).start()
        there.close()  # so that the end of the process ends what this one waits for
        pipes.append(here)
    for pipe in pipes:
        pipe.recv()
    received = [p.detach().clone() for p in network(a.model).parameters()]
    for number in range(a.rounds):
        begin = time.perf_counter()
        for pipe in pipes:
            pipe.send((number, received))
        parts = [pipe.recv() for pipe in pipes]
        received = [sum(p) / a.cohort for p in zip(*parts)]
        seconds.append(time.perf_counter() - begin)
    for pipe in pipes:
        pipe.send(None)
    return seconds


if __name__ == "__main__":
    given = arguments()
    rounds = run(given)
    print(json.dumps({"system": "PyTorch " + torch.__version__, "round_seconds_median": round(statistics.median(
        rounds[1:] if len(rounds) > 2 else rounds), 6)}))
