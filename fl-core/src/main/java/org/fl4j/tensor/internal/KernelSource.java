package org.fl4j.tensor.internal;

/** The tensor operations that the library shares, as TorchScript. */
public final class KernelSource {
    /** The methods of the program; what each does is said by the method of {@code Kernels} that calls it. */
    public static final String METHODS = """
              def add_scaled(self: __torch__.Program, y: Tensor, x: Tensor, a: float) -> NoneType:
                _0 = torch.add_(y, x, alpha=a)
                return None
              def add_at(self: __torch__.Program, y: Tensor, positions: Tensor, x: Tensor, a: float) -> NoneType:
                _0 = torch.index_add_(y, 0, positions, x, alpha=a)
                return None
              def sum(self: __torch__.Program, y: Tensor, x: Tensor, z: Tensor, a: float) -> NoneType:
                _0 = torch.add(x, z, alpha=a, out=y)
                return None
              def decay_and_add(self: __torch__.Program, y: Tensor, decay: float, x: Tensor, a: float) -> NoneType:
                _0 = torch.add_(torch.mul_(y, decay), x, alpha=a)
                return None
              def decay_and_add_square(self: __torch__.Program, y: Tensor, decay: float, x: Tensor,
                      a: float) -> NoneType:
                _0 = torch.addcmul_(torch.mul_(y, decay), x, x, value=a)
                return None
              def adam_step(self: __torch__.Program, next: List[Tensor], now: List[Tensor], delta: Tensor,
                      scratch: Tensor, numbers: List[float], w: List[Tensor], m: List[Tensor], v: List[Tensor],
                      d: List[Tensor]) -> NoneType:
                size = torch.numel(delta)
                block = torch.numel(scratch)
                none = annotate(List[Tensor], [])
                late = [torch.fill_(torch.narrow(scratch, 0, 0, 1), 1000000000.)]
                for i in range(torch.floordiv(torch.sub(torch.add(size, block), 1), block)):
                  a = torch.mul(i, block)
                  n = ops.prim.min(block, torch.sub(size, a))
                  _0 = torch._set_item(w, 0, torch.copy_(torch.narrow(next[0], 0, a, n), torch.narrow(now[0], 0, a, n)))
                  _1 = torch._set_item(m, 0, torch.copy_(torch.narrow(next[1], 0, a, n), torch.narrow(now[1], 0, a, n)))
                  _2 = torch._set_item(v, 0, torch.copy_(torch.narrow(next[2], 0, a, n), torch.narrow(now[2], 0, a, n)))
                  _3 = torch._set_item(d, 0, torch.narrow(delta, 0, a, n))
                  torch._fused_adam_(w, d, m, v, none, late, lr=torch.neg(numbers[0]), beta1=numbers[2],
                          beta2=numbers[3], weight_decay=0., eps=numbers[1], amsgrad=False, maximize=False)
                return None
              def adagrad_step(self: __torch__.Program, next: List[Tensor], now: List[Tensor], delta: Tensor,
                      scratch: Tensor, numbers: List[float]) -> NoneType:
                size = torch.numel(delta)
                block = torch.numel(scratch)
                for i in range(torch.floordiv(torch.sub(torch.add(size, block), 1), block)):
                  a = torch.mul(i, block)
                  n = ops.prim.min(block, torch.sub(size, a))
                  d = torch.narrow(delta, 0, a, n)
                  old = torch.narrow(now[2], 0, a, n)
                  v = torch.narrow(next[2], 0, a, n)
                  square = torch.narrow(scratch, 0, 0, n)
                  _0 = torch.addcmul(old, d, d, value=1., out=v)
                  _9 = (self).move(next, now, d, v, square, a, n, numbers)
                return None
              def yogi_step(self: __torch__.Program, next: List[Tensor], now: List[Tensor], delta: Tensor,
                      scratch: Tensor, numbers: List[float]) -> NoneType:
                size = torch.numel(delta)
                block = torch.numel(scratch)
                for i in range(torch.floordiv(torch.sub(torch.add(size, block), 1), block)):
                  a = torch.mul(i, block)
                  n = ops.prim.min(block, torch.sub(size, a))
                  d = torch.narrow(delta, 0, a, n)
                  old = torch.narrow(now[2], 0, a, n)
                  v = torch.narrow(next[2], 0, a, n)
                  square = torch.narrow(scratch, 0, 0, n)
                  _0 = torch.mul(d, d, out=square)
                  _1 = torch.sub(old, square, out=v)
                  _2 = torch.mul_(square, torch.sign_(v))
                  _3 = torch.add(old, square, alpha=torch.sub(numbers[3], 1.), out=v)
                  _9 = (self).move(next, now, d, v, square, a, n, numbers)
                return None
              def move(self: __torch__.Program, next: List[Tensor], now: List[Tensor], d: Tensor, v: Tensor,
                      scratch: Tensor, a: int, n: int, numbers: List[float]) -> NoneType:
                m = torch.lerp(torch.narrow(now[1], 0, a, n), d, torch.sub(1., numbers[2]),
                        out=torch.narrow(next[1], 0, a, n))
                root = torch.add_(torch.sqrt(v, out=scratch), numbers[1])
                _0 = torch.addcdiv(torch.narrow(now[0], 0, a, n), m, root, value=numbers[0],
                        out=torch.narrow(next[0], 0, a, n))
                return None
              def add_adaptive(self: __torch__.Program, y: Tensor, m: Tensor, v: Tensor, a: float,
                      epsilon: float) -> NoneType:
                root = torch.add_(torch.sqrt(v), epsilon)
                _0 = torch.addcdiv_(y, m, root, value=a)
                return None
              def copy(self: __torch__.Program, y: Tensor, x: Tensor) -> NoneType:
                _0 = torch.copy_(y, x)
                return None
              def add_rows(self: __torch__.Program, y: Tensor, fresh: bool, x: Tensor, rows: List[int],
                      scales: List[float]) -> NoneType:
                for i in range(torch.len(rows)):
                  row = torch.select(x, 0, rows[i])
                  if torch.__and__(fresh, torch.eq(i, 0)):
                    _0 = torch.mul(row, scales[i], out=y)
                  else:
                    _1 = torch.add_(y, row, alpha=scales[i])
                return None
              def finite_row(self: __torch__.Program, x: Tensor, row: int) -> float:
                return float(torch.all(torch.isfinite(torch.select(x, 0, row))))
              def order_rows(self: __torch__.Program, y: Tensor, x: Tensor, spare: Tensor, low: List[int],
                      high: List[int], outputs: List[int], begin: int) -> NoneType:
                rows = torch.unbind(x, 0)
                s = spare
                for i in range(torch.len(low)):
                  a = rows[low[i]]
                  b = rows[high[i]]
                  t = s
                  if torch.eq(outputs[i], 3):
                    _0 = torch.minimum(a, b, out=s)
                    _1 = torch.maximum(a, b, out=b)
                    _2 = torch._set_item(rows, low[i], s)
                    t = a
                  else:
                    if torch.eq(outputs[i], 1):
                      _3 = torch.minimum(a, b, out=a)
                    else:
                      _4 = torch.maximum(a, b, out=b)
                  s = t
                for j in range(torch.size(y, 0)):
                  _5 = torch.copy_(torch.select(y, 0, j), rows[torch.add(begin, j)])
                return None
              def copy_row(self: __torch__.Program, y: Tensor, x: Tensor, row: int) -> NoneType:
                _0 = torch.copy_(y, torch.select(x, 0, row))
                return None
              def add_row(self: __torch__.Program, y: Tensor, x: Tensor, row: int, z: Tensor) -> NoneType:
                _0 = torch.add(torch.select(x, 0, row), z, out=y)
                return None
              def stack(self: __torch__.Program, y: Tensor, x: List[Tensor]) -> NoneType:
                _0 = torch.stack(x, 0, out=y)
                return None
              def versions(self: __torch__.Program, x: List[Tensor]) -> int:
                sum = 0
                for i in range(torch.len(x)):
                  sum = torch.add(sum, torch._version(x[i]))
                return sum
              def alias(self: __torch__.Program, y: Tensor, x: Tensor) -> NoneType:
                _0 = torch.set_(y, x)
                return None
              def rows(self: __torch__.Program, y: Tensor, x: Tensor, indices: Tensor) -> NoneType:
                _0 = torch.index_select(x, 0, indices, out=y)
                return None
              def flatten(self: __torch__.Program, y: Tensor, xs: List[Tensor]) -> NoneType:
                parts = annotate(List[Tensor], [])
                for i in range(torch.len(xs)):
                  _0 = torch.append(parts, torch.reshape(xs[i], [-1]))
                _1 = torch.cat(parts, 0, out=y)
                return None
              def p_norm(self: __torch__.Program, x: Tensor, p: float) -> float:
                return float(torch.linalg_vector_norm(x, p, None, False, dtype=7))
              def norm(self: __torch__.Program, x: Tensor) -> float:
                return float(torch.linalg_vector_norm(x, 2, None, False, dtype=7))
              def distance(self: __torch__.Program, a: Tensor, b: Tensor) -> float:
                return float(torch.linalg_vector_norm(torch.sub(a, b), 2, None, False, dtype=7))
              def dot(self: __torch__.Program, a: Tensor, b: Tensor) -> float:
                return float(torch.sum(torch.mul(a, b), dtype=7))
              def inner_products(self: __torch__.Program, y: Tensor, xs: List[Tensor], block: Tensor, begin: int,
                      stride: int) -> NoneType:
                size = torch.numel(xs[0])
                width = torch.size(block, 1)
                blocks = torch.floordiv(torch.sub(torch.add(size, width), 1), width)
                for k in range(torch.floordiv(torch.sub(torch.add(blocks, torch.sub(stride, begin)), 1), stride)):
                  i = torch.add(torch.mul(k, stride), begin)
                  a = torch.mul(i, width)
                  n = ops.prim.min(width, torch.sub(size, a))
                  part = torch.narrow(block, 1, 0, n)
                  for j in range(torch.len(xs)):
                    _0 = torch.copy_(torch.select(part, 0, j), torch.narrow(xs[j], 0, a, n))
                  _1 = torch.sub_(part, torch.clone(torch.narrow(part, 0, 0, 1)))
                  _2 = torch.addmm_(y, part, torch.t(part))
                return None
              def clamp(self: __torch__.Program, x: Tensor, bound: float) -> NoneType:
                _0 = torch.clamp_(x, torch.neg(bound), bound)
                return None
              def version(self: __torch__.Program, x: Tensor) -> int:
                return torch._version(x)
              def finite(self: __torch__.Program, x: Tensor) -> float:
                s = float(torch.sum(x))
                if torch.eq(torch.sub(s, s), 0.):
                  r = 1.
                else:
                  r = float(torch.all(torch.isfinite(x)))
                return r
            """;

    private KernelSource() {}
}
