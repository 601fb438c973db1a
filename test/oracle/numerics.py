# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares lpc's number formats with an exact reference and with software written by others.
"""Usage: numerics.py <path of lpc-numerics-dump>

The exact reference (exact_formats.py): every named format and corner members of the families.

Both exhaustive: decode of every code; encode of every value, every midpoint and both with one float32 ulp to either side, in
every rounding mode that the oracle has; NaN and infinities under every policy. With gfloat, formats of more than 12 bits are
encoded near the ends and the middle of their range and at each 37th code only. Integers and fixed point of 11 to 16 bits are
compared with NumPy's own rounding at every value and middle (check_grid).
"""

import itertools
import os
import re
import subprocess
import sys

import gfloat
import ml_dtypes
import numpy as np
from gfloat import Domain, FormatInfo, RoundMode
from gfloat.decode_ndarray import decode_ndarray
from gfloat.encode_ndarray import encode_ndarray
from gfloat.round_ndarray import round_ndarray

from exact_formats import Power, Reference, value_of

# -- lpc --------------------------------------------------------------------------------------------------------


class Lpc:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _ask(self, line, payload, count, dtype):
        # The tool reads all of a request before it answers, so one write and one read cannot block each other.
        self.process.stdin.write(line.encode() + b"\n" + payload)
        self.process.stdin.flush()
        size = count * np.dtype(dtype).itemsize
        data = self.process.stdout.read(size)
        if len(data) != size:
            sys.exit(f"lpc-numerics-dump stopped at: {line}")
        return np.frombuffer(data, dtype)

    def names(self):
        self.process.stdin.write(b"names\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().split()

    def decode(self, name, width):
        return self._ask(f"decode {name}", b"", 2**width, "<f8")

    def encode(self, name, x, rounding="nearest_even", overflow="infinity", bits=8, random=None, nan="zero"):
        x = np.ascontiguousarray(x, "<f8")
        payload = x.tobytes() + (b"" if random is None else random.astype("<u4").tobytes())
        line = f"encode {name} {rounding} {overflow} {nan} {bits} {len(x)}"
        return self._ask(line, payload, len(x), "<u4")


# -- inputs and comparison ----------------------------------------------------------------------------------------


def inputs_of(values, width):
    """Finite values, midpoints and overflow thresholds, each with its float32 neighbours."""
    values = np.unique(values[np.isfinite(values)])
    if width > 12:
        index = np.arange(len(values))
        edge = np.minimum(np.minimum(index, len(values) - 1 - index), np.abs(index - len(values) // 2))
        keep = (edge < 300) | (index % 37 < 2)
        values = values[keep]
    middle = values[:-1] / 2 + values[1:] / 2
    step = values[-1] - values[-2]
    beyond = np.concatenate([s * (abs(values[e]) + step * np.array([0.5, 1, 1.5, 2, 5])) for s, e in ((1, -1), (-1, 0))])
    exact = np.concatenate([values, middle, beyond, [0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38]])
    near = exact.astype(np.float32)
    up, down = np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))
    out = np.concatenate([exact, near.astype(np.float64), up.astype(np.float64), down.astype(np.float64)])
    return out[np.isfinite(out)]


class Tally:
    def __init__(self):
        self.checks = 0
        self.failures = []
        self.known = {}

    def same(self, what, x, ours, theirs, is_nan, known=()):
        """Codes must be equal, or both NaN. `known`: (mask of inputs, reason) of stated disagreements."""
        self.checks += len(x)
        bad = (ours != theirs) & ~(is_nan(ours) & is_nan(theirs))
        for mask, reason in known:
            hits = int(np.count_nonzero(bad & mask))
            if hits:
                self.known[reason] = self.known.get(reason, 0) + hits
            bad &= ~mask
        if bad.any():
            i = int(np.argmax(bad))
            self.failures.append(
                f"{what}: {np.count_nonzero(bad)} of {len(x)} differ, first x = {float(x[i]).hex()} ({x[i]}): "
                f"lpc {int(ours[i]):#x}, oracle {int(theirs[i]):#x}")

    def same_values(self, what, ours, theirs):
        self.checks += len(ours)
        equal = (ours == theirs) & (np.signbit(ours) == np.signbit(theirs)) | (np.isnan(ours) & np.isnan(theirs))
        if not equal.all():
            i = int(np.argmin(equal))
            self.failures.append(f"{what}: code {i:#x} is {ours[i]} in lpc, {theirs[i]} in the oracle")


# -- ml_dtypes ------------------------------------------------------------------------------------------------------

# lpc name, ml_dtypes name, width
ML_FLOATS = [
    ("e2m1", "float4_e2m1fn", 4), ("e2m3", "float6_e2m3fn", 6), ("e3m2", "float6_e3m2fn", 6),
    ("e4m3", "float8_e4m3fn", 8), ("e4m3.ieee", "float8_e4m3", 8), ("e5m2", "float8_e5m2", 8),
    ("e3m4", "float8_e3m4", 8), ("e4m3fnuz", "float8_e4m3fnuz", 8), ("e5m2fnuz", "float8_e5m2fnuz", 8),
    ("e4m3b11fnuz", "float8_e4m3b11fnuz", 8), ("e8m0", "float8_e8m0fnu", 8), ("bf16", "bfloat16", 16),
]
ML_INTS = [("int1", "int1", 1), ("int2", "int2", 2), ("int4", "int4", 4), ("uint1", "uint1", 1), ("uint2", "uint2", 2), ("uint4", "uint4", 4)]


def ml_codes(values, width):
    raw = values.view(np.uint16 if width == 16 else np.uint8).astype(np.uint32)
    return raw & np.uint32(2**width - 1)


def check_ml_dtypes(lpc, tally):
    for name, ml_name, width in ML_FLOATS:
        dtype = np.dtype(getattr(ml_dtypes, ml_name))
        codes = np.arange(2**width, dtype=np.uint16 if width == 16 else np.uint8)
        table = lpc.decode(name, width)
        tally.same_values(f"ml_dtypes decode {name}", table, codes.view(dtype).astype(np.float64))
        is_nan = lambda c, table=table: np.isnan(table[c])
        # ml_dtypes converts float32 in one rounding; a double goes through float32 in some versions. Every input here
        # is rounded to float32 first, so that both sides see the same number.
        x = np.concatenate([inputs_of(table, width).astype(np.float32), np.array([np.inf, -np.inf, np.nan, -np.nan], np.float32)])
        theirs = ml_codes(x.astype(dtype), width)
        ours = lpc.encode(name, x.astype(np.float64))
        known = []
        if name == "e8m0":
            tie = (np.frexp(x)[0] == 0.75) & np.isfinite(x)
            known += [
                (tie, "e8m0: a tie goes to the even code in lpc, always up in ml_dtypes (it takes the significand for the code)"),
                (np.abs(x) < 2.0**-126, "e8m0: below 2^-126 ml_dtypes rounds up early, at float32's subnormals"),
            ]
        if not np.isnan(table).any():
            known.append((np.isnan(x), "formats without NaN: NaN is +0 by lpc's policy 'zero', -0 in ml_dtypes"))
        tally.same(f"ml_dtypes encode {name}", x, ours, theirs, is_nan, known)

    for name, ml_name, width in ML_INTS:
        dtype = np.dtype(getattr(ml_dtypes, ml_name))
        codes = np.arange(2**width, dtype=np.uint8)
        table = lpc.decode(name, width)
        signed_bytes = codes
        if name.startswith("int"):
            signed_bytes = ((codes.astype(np.int16) ^ (1 << (width - 1))) - (1 << (width - 1))).astype(np.int8).view(np.uint8)
        tally.same_values(f"ml_dtypes decode {name}", table, signed_bytes.view(dtype).astype(np.float64))
        # A cast of an integer keeps the low bits.
        x = np.arange(-40, 41)
        theirs = ml_codes(x.astype(dtype), width)
        tally.same(f"ml_dtypes wrap {name}", x.astype(np.float64), lpc.encode(name, x, "toward_zero", "wrap"), theirs,
                   lambda c: np.zeros(len(c), bool))


# -- gfloat ---------------------------------------------------------------------------------------------------------

GFLOAT_MODES = {
    "nearest_even": RoundMode.TiesToEven, "nearest_away": RoundMode.TiesToAway, "toward_zero": RoundMode.TowardZero,
    "up": RoundMode.TowardPositive, "down": RoundMode.TowardNegative, "stochastic": RoundMode.StochasticFastest,
}


def gfloat_format(e, m, bias, specials, signed):
    high_nans = {"ieee": 2**m - 1, "fn": 1}.get(specials, 0)
    return FormatInfo("oracle", e + m + signed, m + 1, bias=bias, is_signed=bool(signed),
                      domain=Domain.Extended if specials in ("ieee", "extended") else Domain.Finite,
                      has_nz=bool(signed) and specials not in ("fnuz", "extended"), num_high_nans=high_nans,
                      has_subnormals=True, is_twos_complement=False)


def gfloat_members():
    """(E, M, bias, specials, signed): all small widths, then a spread of wide ones."""
    for e, m, specials, signed in itertools.product(range(1, 7), range(0, 6), ("ieee", "fn", "fnuz", "finite", "extended"), (1, 0)):
        width = e + m + signed
        default = 2 ** (e - 1) - 1
        if width < 3 or width > 8:
            continue
        if specials == "ieee" and m == 0:
            continue
        # gfloat's unsigned formats have no place for these.
        if not signed and specials in ("fnuz", "extended"):
            continue
        for bias in (default, default + 1, default - 4) if width <= 6 else (default,):
            yield e, m, bias, specials, signed
    yield from [(5, 10, 15, "ieee", 1), (8, 7, 127, "ieee", 1), (6, 5, 31, "finite", 1), (7, 8, 63, "fn", 1),
                (4, 11, 7, "fnuz", 1), (5, 6, 15, "extended", 1), (5, 9, 15, "ieee", 0)]


def check_gfloat(lpc, tally):
    rng = np.random.default_rng(1)
    for e, m, bias, specials, signed in gfloat_members():
        width = e + m + signed
        name = f"e{e}m{m}<bias={bias},specials={specials},{'signed' if signed else 'unsigned'},subnormals>"
        info = gfloat_format(e, m, bias, specials, signed)
        table = lpc.decode(name, width)
        # gfloat's array decoder knows only NaNs of the top exponent; the element-wise one knows all of them, slowly.
        if width <= 8:
            theirs = np.array([gfloat.decode_float(info, c).fval for c in range(2**width)])
        else:
            theirs = decode_ndarray(info, np.arange(2**width))
        tally.same_values(f"gfloat decode {name}", table, theirs)
        is_nan = lambda c, table=table: np.isnan(table[c])
        x = np.unique(inputs_of(table, width))
        if not signed:
            # What becomes of negative numbers is a policy of lpc; gfloat has none.
            x = x[x >= 0]
        x = np.concatenate([x, [0.0, np.inf] + ([-0.0, -np.inf] if signed else [])])
        modes = GFLOAT_MODES if width <= 8 or e == 5 else {"nearest_even": RoundMode.TiesToEven, "down": RoundMode.TowardNegative}
        for (rounding, mode), saturate in itertools.product(modes.items(), (True, False)):
            # gfloat raises an error where a format can hold neither infinity nor NaN.
            if not saturate and specials == "finite":
                continue
            random, bits = None, 5
            if rounding == "stochastic":
                random = rng.integers(0, 2**bits, len(x))
            rounded = round_ndarray(info, x, mode, saturate, random, bits)
            theirs = encode_ndarray(info, rounded).astype(np.uint32)
            ours = lpc.encode(name, x, rounding, "saturate" if saturate else "infinity", bits, random)
            tally.same(f"gfloat {rounding} {'saturate' if saturate else 'infinity'} {name}", x, ours, theirs, is_nan)


# -- the exact reference --------------------------------------------------------------------------------------------

DETERMINISTIC = ("nearest_even", "nearest_away", "toward_zero", "up", "down", "away", "to_odd", "nearest_up", "nearest_down",
                 "nearest_log")
# Corner members of the families, beside every named format.
MEMBERS = ["posit2", "posit3<es=0>", "posit5<es=4>", "posit7<es=3>", "posit12<es=1>", "posit13<es=0>", "posit13<es=4>",
           "lns3", "lns3<f=1>", "lns5<f=2,nozero>", "lns7<f=5>", "lns11<f=0>", "lns13<f=11>", "fix1", "ufix1", "fix8<f=-3>",
           "fix5<f=12>", "fix6.narrow", "ufix7<f=64>", "bipolar7", "pot7", "denseshift6", "denseshift8", "dint8", "pot8"]
MEMBERS += [f"{family}{width}" for family in ("bipolar", "dint") for width in range(9, 17)]
MEMBERS += ["posit14", "posit15", "lns14", "lns15<nozero>"]
# Members whose encode is sampled, since all their values and boundaries take long: near the ends and the middle, and every
# so many. All other formats are tested at every value and boundary.
SAMPLED = ("posit13<es=0>", "posit13<es=4>", "lns13<f=11>")
WIDE = 2048


def check_tf32(lpc, tally):
    """tf32 is the upper 19 bits of a float32."""
    codes = np.arange(2**19, dtype=np.uint32)
    with_zeros = (codes << 13).view(np.float32).astype(np.float64)
    tally.same_values("exact decode tf32", lpc.decode("tf32", 19), with_zeros)
    rng = np.random.default_rng(3)
    bits = np.concatenate([rng.integers(0, 2**32, 200000), (codes.astype(np.int64) << 13)[::7] + 2**12,
                           (codes.astype(np.int64) << 13)[::11] + rng.integers(0, 2**13, len(codes[::11]))])
    x = bits.astype(np.uint32).view(np.float32)
    x = x[np.isfinite(x)]
    bits = x.view(np.uint32).astype(np.int64)
    is_nan = lambda c: (c & 0x3FC00 == 0x3FC00) & (c & 0x3FF != 0)
    for rounding, theirs in (("toward_zero", bits >> 13), ("nearest_away", (bits + 2**12) >> 13),
                             ("nearest_even", (bits + 2**12 - 1 + (bits >> 13 & 1)) >> 13)):
        ours = lpc.encode("tf32", x.astype(np.float64), rounding).astype(np.int64)
        tally.same(f"exact {rounding} tf32", x, ours, theirs, is_nan)


def check_grid(lpc, tally, name):
    """Wide integers and fixed point: a grid of steps of one, encoded by NumPy at every value and middle."""
    head, width, narrow = re.fullmatch(r"(u?int|u?fix)(\d+)(\.narrow)?", name).groups()
    width, signed = int(width), not head.startswith("u")
    step = 2.0 ** -(width - signed) if head.endswith("fix") else 1.0
    low, high = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)
    whole = np.arange(2**width)
    whole = np.where(whole > high, whole - 2**width, whole)
    tally.same_values(f"grid decode {name}", lpc.decode(name, width), whole * step)
    low += bool(narrow)
    v = np.arange(2 * low - 9, 2 * high + 10) / 2
    near = v.astype(np.float32)  # exact: at most 18 bits
    v = np.concatenate([v, [-0.0, 1e-300, -1e-300, 1e9, -1e9]] + [np.nextafter(v, to) for to in (np.inf, -np.inf)] +
                       [np.nextafter(near, np.float32(to)).astype(np.float64) for to in (np.inf, -np.inf)])
    x = v * step
    v = x / step  # the least double is no number of steps
    cut, sign = np.trunc(v), np.where(np.signbit(v), -1, 1)
    rest = np.abs(v - cut)  # exact
    rounded = {"nearest_even": np.rint(v), "nearest_away": cut + sign * (rest >= 0.5), "toward_zero": cut, "up": np.ceil(v),
               "down": np.floor(v), "away": cut + sign * (rest > 0), "to_odd": cut + sign * ((rest > 0) & (cut % 2 == 0)),
               "nearest_up": np.where(rest == 0.5, np.ceil(v), np.rint(v)),
               "nearest_down": np.where(rest == 0.5, np.floor(v), np.rint(v))}
    for rounding, r in rounded.items():
        for overflow in ("saturate", "wrap") if not narrow else ("saturate",):
            theirs = (np.clip(r, low, high) if overflow == "saturate" else r).astype(np.int64) % 2**width
            ours = lpc.encode(name, x, rounding, overflow).astype(np.int64)
            tally.same(f"grid {rounding} {overflow} {name}", x, ours, theirs, lambda c: np.zeros(len(c), bool))


def check_nan(lpc, tally, name, ref):
    """What becomes of NaN, and of infinities, under every policy."""
    x = np.array([np.nan, -np.nan, np.inf, -np.inf])
    values = {c: value_of(v) for c, v in enumerate(ref.decode) if not isinstance(v, str) and c not in ref.unused}
    least, most = min(values, key=values.get), max(values, key=values.get)
    # +0, or the positive value next to it.
    zero = min((c for c in values if values[c] >= 0), key=values.get)
    nans = [c for c, v in enumerate(ref.decode) if isinstance(v, str) and v == "nan"]
    infinite = [ref.inf[s] if ref.inf[s] is not None else nans[0] if nans else end for s, end in ((0, most), (1, least))]
    unsigned = values[least] >= 0
    if unsigned:
        # Below a format without signs: its least value, or NaN if infinities are asked for.
        infinite[1] = nans[0] if nans else least
    is_nan = lambda c: np.isin(c, nans)
    for policy, code in (("zero", zero), ("max", most), ("lowest", least)):
        for overflow, ends in (("saturate", [most, least]), ("infinity", infinite)):
            theirs = np.array([nans[0] if nans else code] * 2 + ends, np.int64)
            for rounding in DETERMINISTIC:
                ours = lpc.encode(name, x, rounding, overflow, nan=policy).astype(np.int64)
                tally.same(f"NaN as {policy}, {rounding} {overflow} {name}", x, ours, theirs, is_nan)
            # A NaN has a sign where the format has one to give it.
            signs = [c for c in nans if ref.width > 1 and c >> (ref.width - 1)]
            if nans and signs and len(signs) < len(nans):
                ours = lpc.encode(name, x[:2], overflow=overflow, nan=policy).astype(np.int64)
                tally.same(f"sign of NaN {name}", x[:2], ours >> (ref.width - 1), np.array([0, 1]), lambda c: np.zeros(2, bool))


def check_exact(lpc, tally):
    rng = np.random.default_rng(2)
    for name in lpc.names() + MEMBERS:
        if re.fullmatch(r"u?int1[1-6](\.narrow)?|fix16|ufix16", name):
            check_grid(lpc, tally, name)
            if name != "int16":
                continue  # like their neighbours, and slow
        if name == "tf32":
            check_tf32(lpc, tally)
            continue
        ref = Reference(name)
        table = lpc.decode(name, ref.width)
        words = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan, "-0": -0.0}
        theirs = np.array([words[v] if isinstance(v, str) else float(value_of(v)) for v in ref.decode])
        tally.same_values(f"exact decode {name}", table, theirs)
        is_nan = lambda c, table=table: np.where(c < 0, True, np.isnan(table[np.maximum(c, 0)]))
        check_nan(lpc, tally, name, ref)
        x = ref.inputs(WIDE if name in SAMPLED else None)
        if ref.value[0] >= 0 and ref.code_parity:
            # What becomes of numbers below an unsigned minifloat is a policy of its own.
            x = x[(x >= ref.value[0]) & ~np.signbit(x)]
        ends = x if len(x) < 4000 else np.concatenate([x[:1000], x[-1001:]])
        for rounding, (overflow, inputs) in itertools.product(DETERMINISTIC, (("saturate", x), ("infinity", ends))):
            ours = lpc.encode(name, inputs, rounding, overflow).astype(np.int64)
            tally.same(f"exact {rounding} {overflow} {name}", inputs, ours, ref.encode(inputs, rounding, overflow), is_nan)
        some = x if len(x) <= 3000 else rng.choice(x, 3000)
        for rounding, bits in itertools.product(("stochastic", "stochastic_fast", "stochastic_even"), (1, 3, 11)):
            random = rng.integers(0, 2**bits, len(some))
            ours = lpc.encode(name, some, rounding, "infinity", bits, random).astype(np.int64)
            tally.same(f"exact {rounding} {name}", some, ours, ref.encode(some, rounding, "infinity", random, bits), is_nan)


def main():
    if len(sys.argv) != 2 or not os.path.exists(sys.argv[1]):
        sys.exit(__doc__)
    lpc, tally = Lpc(sys.argv[1]), Tally()
    check_exact(lpc, tally)
    check_ml_dtypes(lpc, tally)
    check_gfloat(lpc, tally)
    for reason, count in tally.known.items():
        print(f"known disagreement, {count} inputs: {reason}")
    for failure in tally.failures[:40]:
        print("FAILED", failure)
    print(f"{tally.checks} comparisons, {len(tally.failures)} failures")
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    # Casts beyond float32's range and of NaN are part of the test.
    with np.errstate(all="ignore"):
        main()
