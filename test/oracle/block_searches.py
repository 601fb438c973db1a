# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Rules that search or count, and blocks of every shape, for test/oracle/blocks.py.
"""The rules are written from docs/Formats.md, operation by operation in float32; sums of errors are in double, one element
after the other. Each takes blocks [n, g] and returns (codes, scales). A shape is checked by cutting the tensor into blocks
here and asking a rule for each one.
"""

import itertools

import numpy as np

import block_rules as rules

F = np.float32


# -- exponents ------------------------------------------------------------------------------------------------------


def nearest_by_ratio(a, largest):
    """log2: the exponent of the power of two next to a / largest. The middle is sqrt(2), so no float lies on it."""
    d = (a / F(largest)).astype(F).astype(np.float64)
    m, e = np.frexp(d)  # d = 2 m * 2^(e - 1), 2 m in [1, 2)
    e = np.where((2 * m) ** 2 > 2, e, e - 1)
    return np.where(d == 0, -127, np.where(np.isinf(d), 127, np.clip(e, -127, 127))).astype(np.int64)


def not_below(a, largest):
    """rceil: the exponent of the least power of two that is not below a / largest."""
    d = (a / F(largest)).astype(F).astype(np.float64)
    m, e = np.frexp(d)
    e = np.where(m == 0.5, e - 1, e)
    return np.where(d == 0, -127, np.where(np.isinf(d), 127, np.clip(e, -127, 127))).astype(np.int64)


def power(e):
    return np.ldexp(F(1), e).astype(F)


def log2(x, name, nan_blocks):
    e = nearest_by_ratio(rules.magnitude(x), rules.ELEMENTS[name][2])
    scale = np.where(nan_blocks, F(np.nan), power(e)).astype(F)
    return rules.encode_minifloat(name, (x / scale[:, None]).astype(F)), scale


def dynamic_fixed_point(x, bits):
    """dfp: the least power of two that clips at most one in 10000 elements."""
    top = 2 ** (bits - 1) - 1
    e = not_below(rules.magnitude(x), top)
    for i, row in enumerate(x):
        while e[i] > -127 and row.size >= 10000:
            clipped = np.count_nonzero((np.abs(row) / power(e[i] - 1)).astype(F) > F(top))
            if clipped > row.size // 10000:
                break
            e[i] -= 1
    scale = power(e)
    return rules.encode_integer((x / scale[:, None]).astype(F), -top - 1, top, bits), scale


# -- least squares --------------------------------------------------------------------------------------------------


def squared(x, y):
    d = np.where(np.isnan(x), 0, x.astype(np.float64) - y.astype(np.float64))
    return np.add.accumulate(d * d, axis=-1)[:, -1]


def first_of_least(candidates):
    """Of (codes, scales, error): row by row the first with the least error."""
    codes, scales, best = candidates[0]
    for c, s, e in candidates[1:]:
        better = e < best
        codes, scales, best = np.where(better[:, None], c, codes), np.where(better, s, scales), np.where(better, e, best)
    return codes, scales


def signed(codes, bits):
    return np.where(codes >= 2 ** (bits - 1), codes - 2**bits, codes).astype(F)


def least_range(x, bits):
    """mse of integers with an f32 scale: the range times 1.00, 0.98, ..., 0.40."""
    top, a, out = 2 ** (bits - 1) - 1, rules.magnitude(x), []
    for percent in range(100, 39, -2):
        part = a if percent == 100 else (a * (F(percent) / F(100))).astype(F)
        scale = rules.normal((part / F(top)).astype(F), part == 0)
        codes = rules.encode_integer((x / scale[:, None]).astype(F), -top - 1, top, bits)
        out.append((codes, scale, squared(x, (signed(codes, bits) * scale[:, None]).astype(F))))
    return first_of_least(out)


E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], F)


def least_exponent(x):
    """mse of e2m1 under powers of two: the exponent of floor, one more, one less."""
    floor, out = rules.mx_exponent(rules.magnitude(x), "floor", "e2m1"), []
    for step in (0, 1, -1):
        e = floor + step
        scale = power(np.clip(e, -127, 127))
        codes = rules.encode_minifloat("e2m1", (x / scale[:, None]).astype(F))
        error = squared(x, (E2M1[codes] * scale[:, None]).astype(F))
        out.append((codes, scale, np.where((e < -127) | (e > 127), np.inf, error)))
    return first_of_least(out)


def least_nv(x, most):
    """mse of nvfp4: the block scale times 1, then times 0.8 to 1.5 in ten steps."""
    _, s_dec, t = rules.nv(x, most)
    out = []
    for factor in [F(1)] + [F(0.8) + F(F(0.7) * F(i)) / F(9) for i in range(10)]:
        codes, sf = rules.nv_codes(x, rules.to_e4m3((t * factor).astype(F)), s_dec, 6.0, "e2m1")
        out.append((codes, sf, squared(x, (E2M1[codes] * (sf * s_dec).astype(F)[:, None]).astype(F))))
    return first_of_least(out)


def check_searches(lpc, tally, rng, make_blocks):
    x = make_blocks(32, 300, rng)
    nan_blocks = np.isnan(x).any(axis=1)
    for name in rules.ELEMENTS:
        ours = lpc.quantize(f"{name}/g32:e8m0@log2", x)
        codes, scale = log2(x, name, nan_blocks)
        tally.same(f"{name} log2 scale", ours["scale"], scale)
        tally.same(f"{name} log2 codes", ours["codes"], codes, x)
    finite = x[np.isfinite(x).all(axis=1)]
    for bits in (3, 4, 8):
        ours = lpc.quantize(f"int{bits}/g32@mse", finite)
        codes, scale = least_range(finite, bits)
        tally.same(f"int{bits} mse scale", ours["scale"], scale, finite)
        tally.same(f"int{bits} mse codes", ours["codes"], codes, finite)
    ours = lpc.quantize("mxfp4@mse", finite)
    codes, scale = least_exponent(finite)
    tally.same("mxfp4 mse scale", ours["scale"], scale, finite)
    tally.same("mxfp4 mse codes", ours["codes"], codes, finite)
    b = make_blocks(16, 300, rng, limit=1e30)
    b = b[np.isfinite(b).all(axis=1) & (np.abs(b).max(axis=1) < 1e31)]
    ours = lpc.quantize("nvfp4@mse", b)
    codes, sf = least_nv(b, rules.magnitude(b.reshape(1, -1))[0])
    tally.same("nvfp4 mse scale", ours["scale"], sf, b)
    tally.same("nvfp4 mse codes", ours["codes"], codes, b)
    for bits, size in ((8, 500), (8, 20000), (16, 30000), (4, 10000)):
        b = rng.standard_t(3, (6, size)).astype(F) * F(2.0) ** rng.integers(-20, 20, (6, 1)).astype(F)
        b[0] = 0
        ours = lpc.quantize(f"int{bits}/token:e8m0@dfp", b)
        codes, scale = dynamic_fixed_point(b, bits)
        tally.same(f"dfp int{bits} scale, {size}", ours["scale"], scale)
        tally.same(f"dfp int{bits} codes, {size}", ours["codes"], codes)


# -- super-blocks ---------------------------------------------------------------------------------------------------


def half(x):
    return x.astype(np.float16).astype(np.float64)


def plain_super_blocks(x, group, levels, scale_top, has_offset):
    """The values of a k-quant without any search: the range of each block, in integers of the super-block's largest."""
    blocks = x.astype(np.float64).reshape(len(x), -1, group)
    low, high = levels
    if has_offset:
        least = np.minimum(blocks.min(axis=2), 0)
        scale = (blocks.max(axis=2) - least) / (high - low)
    else:
        least = np.zeros(blocks.shape[:2])
        scale = np.abs(blocks).max(axis=2) / high
    divide = lambda a, b: np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape), where=b != 0)
    d = half(scale.max(axis=1, keepdims=True) / scale_top)
    d_min = half(-least.min(axis=1, keepdims=True) / scale_top)
    s = d * np.rint(np.clip(divide(scale, d), 0, scale_top))
    m = d_min * np.rint(np.clip(divide(-least, d_min), 0, scale_top))
    q = np.clip(np.rint(divide(blocks + m[..., None], s[..., None])), low, high)
    return (q * s[..., None] - m[..., None]).reshape(x.shape)


def check_super_blocks(lpc, tally, rng):
    """kquant has no published formula: codes must be those of the stored scales, and the error at most that of the plain
    choice without a search, and at most that of zeros."""
    x = rng.standard_normal((240, 256)) * np.exp(rng.normal(0, 1, (240, 256 // 16)).repeat(16, axis=1))
    x[80:160] += 0.7
    x *= 2.0 ** rng.integers(-40, 12, (240, 1))
    x[::17] = np.abs(x[::17])
    x[5] = 0
    x = x.astype(F)
    for name, group, levels, top, offset in (("q4_k", 32, (0, 15), 63, True), ("q6_k", 16, (-32, 31), 127, False)):
        ours = lpc.quantize(name, x)
        scale = (ours["scale"].reshape(len(x), -1) * ours["outer"][:, None]).astype(F).repeat(group, axis=1)
        shift = F(0)
        if offset:
            shift = (ours["offset"].reshape(len(x), -1) * ours["outer_offset"][:, None]).astype(F).repeat(group, axis=1)
        y = np.where(scale == 0, F(0), ((x - shift).astype(F) / scale).astype(F))
        codes = np.clip(np.rint(y), *levels).astype(np.int64)
        tally.same(f"{name} codes", ours["codes"], codes % (2 ** (4 if offset else 6)), x)
        values = ((codes.astype(F) * scale).astype(F) + shift).astype(F)
        tally.same(f"{name} values", ours["values"], values, x, bits=False)
        error = np.sum((x.astype(np.float64) - values) ** 2, axis=1)
        plain = np.sum((x - plain_super_blocks(x, group, levels, top, offset)) ** 2, axis=1)
        zeros = np.sum(x.astype(np.float64) ** 2, axis=1)
        # Below the normal numbers of fp16 either choice may be the lucky one.
        plain = np.where(ours["outer"] < 2.0**-14, np.inf, plain)
        for what, limit in (("the plain choice", plain), ("zeros", zeros)):
            worse = error > limit * (1 + 1e-5)
            tally.same(f"{name} no worse than {what}", worse, np.zeros(len(x), bool), np.stack([error, limit], axis=1))


# -- shapes ---------------------------------------------------------------------------------------------------------


def cut(rows, across, along):
    """Rectangles of [rows, columns], short ones at the ends; 0 stands for all."""
    height, width = rows.shape
    for r, c in itertools.product(range(0, height, across or height), range(0, width, along or width)):
        yield slice(r, r + (across or height)), slice(c, c + (along or width))


def by_blocks(rows, across, along, rule):
    """Codes of [rows, columns], and the scales of its blocks row by row."""
    codes, scales = np.zeros(rows.shape, np.int64), []
    for r, c in cut(rows, across, along):
        block = np.ascontiguousarray(rows[r, c]).reshape(1, -1)
        made, scale = rule(block)[:2]
        codes[r, c] = made.reshape(codes[r, c].shape)
        scales.append(scale[0])
    return codes, np.array(scales, F).reshape(-(-rows.shape[0] // (across or rows.shape[0])), -1)


def check_shapes(lpc, tally, rng):
    def symmetric(bits):
        top = 2 ** (bits - 1) - 1

        def rule(x):
            a = rules.magnitude(x)
            scale = rules.normal((a / F(top)).astype(F), a == 0)
            return rules.encode_integer((x / scale[:, None]).astype(F), -top - 1, top, bits), scale

        return rule

    kinds = [("int8", "", symmetric(8)), ("int3", "", symmetric(3)), ("e4m3", "", rules.deepseek),
             ("uint4", "/asym", lambda x: rules.affine(x, 4, "asym")), ("int4", "@mse", lambda x: least_range(x, 4)),
             ("e2m1", ":e8m0@rceil", lambda x: rules.mx(x, "rceil", "e2m1"))]
    levels = [("4x16", 4, 16), ("3x5", 3, 5), ("2x1", 2, 1), ("64x64", 64, 64), ("g7", 1, 7), ("g1", 1, 1), ("channel", 1, 0)]
    for (element, tail, rule), (level, across, along) in itertools.product(kinds, levels):
        spec = f"{element}/{level}{tail}"
        what = lambda word: f"{spec} of {word}"

        def compare(shape, roles, to_rows, window=1):
            # `to_rows` also brings codes and the grid of scales, [batch..., rows, columns].
            x = (rng.standard_normal(shape) * np.exp(rng.normal(0, 2, shape))).astype(F)
            if x.size:
                x.reshape(-1)[:: 7] = 0
            ours = lpc.quantize(spec, x, roles)
            rows = to_rows(x)
            matrices = rows.reshape(-1, *rows.shape[-2:])
            theirs = [by_blocks(m, across, along * window, rule) for m in matrices]
            tally.same(what(f"{roles} {shape}: codes"), to_rows(ours["codes"]).reshape(matrices.shape), np.stack([t[0] for t in theirs]))
            grid = np.stack([t[1] for t in theirs])
            scale = ours["scale"]
            if roles == "weight":
                scale = scale.reshape(len(matrices), grid.shape[2], grid.shape[1]).swapaxes(1, 2)
            tally.same(what(f"{roles} {shape}: scale"), scale.reshape(grid.shape), grid)

        if level != "channel":
            compare((10, 37), "rows", lambda t: t)
            compare((2, 3, 9), "rows", lambda t: t)
        compare((37, 10), "weight", lambda t: t.T)
        compare((1, 5), "weight", lambda t: t.T)
        compare((3, 18, 5), "weight", lambda t: t.swapaxes(1, 2))
        # A window stays whole: groups are of channels, with all their taps.
        compare((6, 11, 3, 2), "filter", lambda t: t.reshape(t.shape[0], -1), window=6)
        compare((5, 1, 3, 3), "filter", lambda t: t.reshape(t.shape[0], -1), window=9)
