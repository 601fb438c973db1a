# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The published scale rules in NumPy, float32 operation by operation, for test/oracle/blocks.py.
"""Each rule takes blocks [n, g] of float32 (and the tensor's largest magnitude where it needs it) and returns
(codes, scales): element codes as integers, and what the scales are worth as float32, [n] (outer scales apart).
Elements are rounded by ml_dtypes, integers by numpy.rint; nothing here shares code with lpc.
"""

import ml_dtypes
import numpy as np

F = np.float32
MAX_FLOAT = np.finfo(np.float32).max

# name: (ml_dtypes name, bits, largest value, exponent of that, mantissa bits)
ELEMENTS = {
    "e2m1": ("float4_e2m1fn", 4, 6.0, 2, 1),
    "e2m3": ("float6_e2m3fn", 6, 7.5, 2, 3),
    "e3m2": ("float6_e3m2fn", 6, 28.0, 4, 2),
    "e4m3": ("float8_e4m3fn", 8, 448.0, 8, 3),
    "e5m2": ("float8_e5m2", 8, 57344.0, 15, 2),
}


def encode_minifloat(name, y):
    """Saturating codes of float32; NaN is NaN, or +0 in a format without."""
    dtype, bits, largest, _, _ = ELEMENTS[name]
    y = y.astype(F)
    clamped = np.where(np.isnan(y), F(0), np.clip(y, F(-largest), F(largest)))
    codes = clamped.astype(getattr(ml_dtypes, dtype)).view(np.uint8).astype(np.int64) & (2**bits - 1)
    if name in ("e4m3", "e5m2"):
        sign = np.signbit(y).astype(np.int64) << 7
        codes = np.where(np.isnan(y), sign | (0x7F if name == "e4m3" else 0x7E), codes)
    else:
        codes = np.where(np.isnan(y), 0, codes)
    return codes


def encode_integer(y, lo, hi, bits, away=False):
    y = np.where(np.isnan(y), F(0), y)
    if away:
        whole = np.floor(np.abs(y))
        rounded = np.sign(y) * (whole + (np.abs(y) - whole >= 0.5))
    else:
        rounded = np.rint(y)
    return np.clip(rounded, lo, hi).astype(np.int64) & (2**bits - 1)


def magnitude(x):
    """Largest magnitude, NaNs left out."""
    return np.max(np.where(np.isnan(x), F(0), np.abs(x)), axis=-1)


def magnitude_or_nan(x):
    return np.where(np.isnan(x).any(axis=-1), F(np.nan), magnitude(x))


# -- powers of two (OCP MX; the four choices as in torchao's to_mx) ------------------------------------------------


def mx_exponent(a, rule, name):
    """The shared exponent; 128 for NaN. The float's exponent field is what counts, also for infinity and 0."""
    _, _, largest, emax, mantissa = ELEMENTS[name]
    bits = a.view(np.int32).astype(np.int64)
    field = lambda b: ((b >> 23) & 0xFF) - 127
    if rule == "floor":
        e = field(bits) - emax
    elif rule == "ceil":
        e = field(bits) + ((bits & 0x7FFFFF) > 0) - emax
    elif rule == "even":
        e = field(bits + (1 << (23 - mantissa - 1))) - emax
    elif rule == "rceil":
        d = (a / F(largest)).astype(F)
        m, e2 = np.frexp(d.astype(np.float64))  # d = m * 2^e2, m in [0.5, 1)
        e = np.where(m == 0.5, e2 - 1, e2).astype(np.int64)
        e = np.where(d == 0, -127, np.where(np.isinf(d), 127, e))
    return np.where(np.isnan(a), 128, np.clip(e, -127, 128))


def mx(x, rule, name):
    e = mx_exponent(magnitude_or_nan(x), rule, name)
    scale = np.where(e > 127, F(np.nan), np.ldexp(F(1), np.minimum(e, 127)).astype(F))
    return encode_minifloat(name, (x / scale[:, None]).astype(F)), scale


def bfp(x, bits, raises):
    """Block floating point: the exponent of the largest magnitude, `bits` bits with the sign."""
    p = bits - 1
    a = magnitude_or_nan(x)
    exponent = np.floor(np.log2(np.where((a > 0) & np.isfinite(a), a, 1).astype(np.float64)))
    e = np.where(a > 0, exponent - (p - 1), -127 - (p - 1))
    if raises:
        e += np.rint(np.ldexp(a.astype(np.float64), -e.astype(int))) > 2**p - 1
    e = np.clip(e, -127, 127).astype(int)
    scale = np.where(np.isnan(a), F(np.nan), np.ldexp(F(1), e).astype(F))
    return encode_integer((x / scale[:, None]).astype(F), -(2**p - 1), 2**p - 1, bits), scale


# -- NVFP4 (TransformerEngine's order of operations) ----------------------------------------------------------------


def to_e4m3(t):
    return np.minimum(t, F(448)).astype(ml_dtypes.float8_e4m3fn).astype(F)


def nv(x, most, divide=False, largest=6.0, limit=448.0, element="e2m1"):
    s_enc = np.minimum(F(F(limit) * F(largest)) / F(most), MAX_FLOAT).astype(F)
    if s_enc == 0:
        s_enc = F(1)
    s_dec = F(F(1) / s_enc)
    b = magnitude(x)
    t = F(b / F(largest)) * s_enc if divide else b * F(s_enc * F(F(1) / F(largest)))
    return nv_codes(x, to_e4m3(t.astype(F)), s_dec, largest, element), s_dec, t.astype(F)


def nv_codes(x, sf, s_dec, largest, element):
    enc = np.minimum(F(1) / (sf * s_dec).astype(F), MAX_FLOAT).astype(F)
    y = np.clip((x * enc[:, None]).astype(F), F(-largest), F(largest))
    codes = encode_minifloat("e2m1", y) if element == "e2m1" else encode_integer(y, -7, 7, 4)
    return codes, sf


def four_over_six(x, most, limit):
    (codes6, sf6), s_dec, t = nv(x, most, limit=limit)
    codes4, sf4 = nv_codes(x, to_e4m3((t * F(1.5)).astype(F)), s_dec, 6.0, "e2m1")
    table = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6], F)

    def error(codes, sf):
        y = (table[codes] * (sf * s_dec).astype(F)[:, None]).astype(F)
        d = np.where(np.isnan(x), 0, x.astype(np.float64) - y.astype(np.float64))
        # Summed one after the other, as a loop does.
        return np.add.accumulate(d * d, axis=-1)[:, -1]

    four = error(codes4, sf4) < error(codes6, sf6)
    return np.where(four[:, None], codes4, codes6), np.where(four, sf4, sf6), s_dec


# -- one f32 scale --------------------------------------------------------------------------------------------------


def normal(scale, empty):
    """Scales of at least the least normal float, 1 where there is nothing to scale."""
    return np.where(empty, F(1), np.maximum(scale, np.finfo(F).tiny)).astype(F)


def deepseek(x, power=False):
    """E4M3 with scale max / 448; `power` rounds the scale of max(a, 1e-4) up to a power of two."""
    if power:
        a = np.maximum(magnitude_or_nan(x), F(1e-4))
        m, e = np.frexp((a / F(448)).astype(F).astype(np.float64))
        scale = np.ldexp(1.0, np.where(m == 0.5, e - 1, e)).astype(F)
        scale = np.where(np.isnan(a), F(np.nan), np.where(np.isinf(a), F(2.0**127), scale)).astype(F)
    else:
        scale = normal((magnitude(x) / F(448)).astype(F), magnitude(x) == 0)
    return encode_minifloat("e4m3", (x / scale[:, None]).astype(F)), scale


def bitnet(x):
    """b1.58: scale = mean |w| of at least 1e-5, codes -1, 0, 1."""
    mean = np.array([np.add.accumulate(np.abs(row[~np.isnan(row)]).astype(np.float64))[-1:].sum() / max(1, (~np.isnan(row)).sum()) for row in x])
    scale = np.maximum(mean.astype(F), F(1e-5))
    y = (x * (F(1) / scale)[:, None]).astype(F)
    return np.clip(np.rint(np.where(np.isnan(y), 0, y)), -1, 1).astype(np.int64), scale


def afpq(x, largest, bits):
    """One scale for what is positive, one for what is negative."""
    positive = magnitude(np.where(x > 0, x, F(0)))
    negative = magnitude(np.where(x < 0, x, F(0)))
    scales = []
    for a in (positive, negative):
        s = (a / F(largest)).astype(F)
        scales.append(normal(s, a == 0))
    y = (x / np.where(x < 0, scales[1][:, None], scales[0][:, None])).astype(F)
    return encode_integer(y, -largest, largest, bits), scales[0], scales[1]


def razor(x, most, base, bits):
    """QRazor: integers of a per-tensor scale, of which each group keeps the highest bits."""
    s = F(most) / F(base) if most > 0 else F(1)
    y = (x / s).astype(F)
    b = np.clip(np.rint(np.where(np.isnan(y), 0, y)), -base, base).astype(np.int64)
    height = np.array([int(h).bit_length() for h in np.bitwise_or.reduce(np.abs(b), axis=-1)])
    shift = np.maximum(0, height - (bits - 1))[:, None]
    half = np.where(shift > 0, 1 << np.maximum(shift - 1, 0), 0)
    q = np.minimum((np.abs(b) + half) >> shift, 2 ** (bits - 1) - 1)
    return np.where(b < 0, -q, q) & (2**bits - 1), (2.0 ** shift[:, 0]).astype(F), F(s)


def affine(x, bits, kind):
    """minmax with an integer zero point (range widened to 0), an f32 zero point, or an offset."""
    top = 2**bits - 1
    least = np.min(np.where(np.isnan(x), F(np.inf), x), axis=-1)
    most = np.max(np.where(np.isnan(x), F(-np.inf), x), axis=-1)
    none = np.isnan(x).all(axis=-1)
    least, most = np.where(none, F(0), least), np.where(none, F(0), most)
    if kind == "asym":
        least, most = np.minimum(least, F(0)), np.maximum(most, F(0))
    s = ((most.astype(np.float64) - least.astype(np.float64)) / top).astype(F)
    s = normal(s, least == most)
    if kind == "asym":
        z = np.rint(F(0) - (least / s).astype(F))
        z = np.where((least == most) | np.isnan(z), 0, np.clip(z, 0, top)).astype(np.int64)
        y = (x / s[:, None]).astype(F)
        codes = np.clip(np.rint(np.where(np.isnan(y), F(0), y)) + z[:, None], 0, top).astype(np.int64)
        return codes, s, z
    if kind == "float":
        z = (F(0) - (least / s).astype(F)).astype(F)
        return encode_integer(((x / s[:, None]).astype(F) + z[:, None]).astype(F), 0, top, bits), s, z
    y = ((x - least[:, None]).astype(F) / s[:, None]).astype(F)
    return encode_integer(y, 0, top, bits), s, least
