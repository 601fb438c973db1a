# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A second implementation of every named format from its definition, in exact arithmetic.
"""Decoders are written over strings of bits and fractions; encoders look a number up among boundaries. A boundary is
kept as the least double that is not below it, and whether it is that double: comparisons with doubles are exact.
Irrational boundaries come from integer square roots, or from powers of two to 256 bits."""

import functools
import math
import re
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np

DIGITS = Context(prec=100)
NEAREST = ("nearest_even", "nearest_away", "nearest_up", "nearest_down")
INWARD = {"toward_zero": (1, 1), "to_odd": (1, 1), "up": (0, 1), "down": (1, 0)}  # stays finite if (positive, negative)


class Power:
    """2^exponent with a fractional exponent, times a sign."""

    def __init__(self, sign, exponent):
        self.sign, self.exponent = sign, exponent

    def approximate(self):
        whole = math.floor(self.exponent)
        return self.sign * root_of_two(self.exponent - whole) * Fraction(2) ** whole


@functools.lru_cache(None)
def root_of_two(exponent):
    """2^exponent, exponent in [0, 1), to 256 bits."""
    power = DIGITS.power(Decimal(2), DIGITS.divide(Decimal(exponent.numerator), Decimal(exponent.denominator)))
    return Fraction(math.floor(power * 2**256), 2**256) if exponent else Fraction(1)


def value_of(v):
    return v.approximate() if isinstance(v, Power) else v


def at_least(v, exact=True):
    """(least double >= v, whether it is v)"""
    d = float(v)  # the nearest one
    if Fraction(d) < v:
        d = math.nextafter(d, math.inf)
    return d, exact and Fraction(d) == v


def root_at_least(square):
    """(least double >= sqrt(square), whether it is the root)"""
    shift = 2 * max(0, 140 - (square.numerator.bit_length() - square.denominator.bit_length()) // 2)
    scaled = square * Fraction(4) ** shift
    root = Fraction(math.isqrt(scaled.numerator // scaled.denominator), 2**shift)
    d = float(root)
    while Fraction(d) ** 2 < square:
        d = math.nextafter(d, math.inf)
    while Fraction(math.nextafter(d, -math.inf)) ** 2 >= square:
        d = math.nextafter(d, -math.inf)
    return d, Fraction(d) ** 2 == square


# -- decoders: code -> Fraction, Power, "inf", "-inf", "nan" or "-0" ------------------------------------------------


def bits_of(code, width):
    return format(code, f"0{width}b")


def posit(width, es, code):
    text = bits_of(code, width)
    if "1" not in text:
        return Fraction(0)
    if text == "1" + "0" * (width - 1):
        return "nan"
    if text[0] == "1":
        return -posit(width, es, 2**width - code)
    body = text[1:]
    run = len(body) - len(body.lstrip(body[0]))
    k = run - 1 if body[0] == "1" else -run
    rest = body[run + 1:] + "0" * es
    exponent, fraction = int(rest[:es] or "0", 2), rest[es:]
    significand = 1 + Fraction(int(fraction or "0", 2), 2 ** len(fraction))
    return significand * Fraction(2) ** (k * 2**es + exponent)


def hif8(code):
    text = bits_of(code, 8)
    sign, body = (-1 if text[0] == "1" else 1), text[1:]
    for prefix, exponent_bits in (("11", 4), ("10", 3), ("01", 2), ("001", 1), ("0001", 0), ("0000", None)):
        if body.startswith(prefix):
            rest = body[len(prefix):]
            break
    if exponent_bits is None:
        m = int(rest, 2)
        return sign * Fraction(2) ** (m - 23) if m else Fraction(0) if sign == 1 else "nan"
    field, mantissa = rest[:exponent_bits], rest[exponent_bits:]
    exponent = 0
    if field:
        exponent = int("1" + field[1:], 2) * (-1 if field[0] == "1" else 1)
    if exponent == 15 and mantissa == "1":
        return "inf" if sign == 1 else "-inf"
    return sign * (1 + Fraction(int(mantissa, 2), 2 ** len(mantissa))) * Fraction(2) ** exponent


def lns(width, f, with_zero, code):
    text = bits_of(code, width)
    log = int(text[1:], 2) - (2 ** (width - 1) if text[1] == "1" else 0)
    if with_zero and log == -(2 ** (width - 2)):
        return "nan" if text[0] == "1" else Fraction(0)
    return Power(-1 if text[0] == "1" else 1, Fraction(log, 2**f))


def minifloat(e, m, bias, specials, signed, subnormals, code):
    width = e + m + signed
    negative, magnitude = (code >> (e + m)) & 1, code & (2 ** (e + m) - 1)
    top = 2 ** (e + m) - 1
    if negative and magnitude == 0 and subnormals:
        return "nan" if specials in ("fnuz", "extended") else "-0"
    if specials == "ieee" and magnitude >> m == 2**e - 1:
        return "nan" if magnitude & (2**m - 1) else "-inf" if negative else "inf"
    if specials == "fn" and magnitude == top:
        return "nan"
    field, mantissa = magnitude >> m, Fraction(magnitude & (2**m - 1), 2**m)
    sign = -1 if negative else 1
    if field == 0 and subnormals:
        return sign * mantissa * Fraction(2) ** (1 - bias)
    return sign * (1 + mantissa) * Fraction(2) ** (field - bias)


def f32(x):
    return Fraction(float(np.float32(x)))


NF4 = [0xBF800000, 0xBF3239B1, 0xBF066B30, 0xBECA32A0, 0xBE91A24D, 0xBE3D353F, 0xBDBA7871, 0, 0x3DA2FAFF, 0x3E24CAE3,
       0x3E7C04DD, 0x3EAD033A, 0x3EE1A4B8, 0x3F1007AB, 0x3F3913B3, 0x3F800000]
BNB = [0, 0.0625, 8, 12, 4, 6, 2, 3]

# name: E, M, bias, specials, signed, subnormals
MINIFLOATS = {
    "e2m1": (2, 1, 1, "finite", 1, 1), "e2m3": (2, 3, 1, "finite", 1, 1), "e3m2": (3, 2, 3, "finite", 1, 1),
    "e4m3": (4, 3, 7, "fn", 1, 1), "e4m3.ieee": (4, 3, 7, "ieee", 1, 1), "e5m2": (5, 2, 15, "ieee", 1, 1),
    "e3m4": (3, 4, 3, "ieee", 1, 1), "e4m3fnuz": (4, 3, 8, "fnuz", 1, 1), "e5m2fnuz": (5, 2, 16, "fnuz", 1, 1),
    "e4m3b11fnuz": (4, 3, 11, "fnuz", 1, 1), "e8m0": (8, 0, 127, "fn", 0, 0), "ue4m3": (4, 3, 7, "fn", 0, 1),
    "ue5m3": (5, 3, 15, "fn", 0, 1), "bf16": (8, 7, 127, "ieee", 1, 1), "fp16": (5, 10, 15, "ieee", 1, 1),
    "tf32": (8, 10, 127, "ieee", 1, 1),
}


class Reference:
    """One format. `decode` is the list of what codes stand for; codes in `unused` are never made."""

    def __init__(self, name):
        self.name = name
        self.unused = set()
        self.beyond = None  # the magnitude behind the largest one, where the grid goes on
        self.code_parity = False  # else the parity of the rank
        self.zero_step = Fraction(1, 2)  # rounding by ratio: zero over the least magnitude
        self.posit = None
        match = re.fullmatch(r"([a-z]+?)(\d+)(\.narrow)?(?:<(.*)>)?", name)
        head, width = (match[1], int(match[2])) if match else (name, 0)
        options = dict((o.split("=") + [""])[:2] for o in match[4].split(",")) if match and match[4] else {}
        if name in MINIFLOATS:
            self._minifloat(*MINIFLOATS[name])
        elif head in ("int", "uint", "fix", "ufix"):
            self._fixed(head, width, bool(match[3]), options)
        elif head == "posit":
            es = int(options.get("es", 2))
            self.posit = (width, es)
            self.decode = [posit(width, es, c) for c in range(2**width)]
        elif name == "hif8":
            self.decode = [hif8(c) for c in range(256)]
            self.beyond = Fraction(49152)
        elif head == "lns":
            self._lns(width, int(options.get("f", max(width - 5, 0))), "nozero" not in options)
        else:
            self._table(name, head, width)
        self.width = (len(self.decode) - 1).bit_length()
        self._index()

    # -- families

    def _minifloat(self, e, m, bias, specials, signed, subnormals):
        self.decode = [minifloat(e, m, bias, specials, signed, subnormals, c) for c in range(2 ** (e + m + signed))]
        self.code_parity = True
        finite = [v for v in self.decode if isinstance(v, Fraction)]
        self.beyond = max(finite) + Fraction(2) ** (math.floor(math.log2(float(max(finite)))) - m)

    def _fixed(self, head, width, narrow, options):
        signed = not head.startswith("u")
        f = int(options.get("f", width - signed)) if head.endswith("fix") else 0
        values = [c - 2**width if signed and c >= 2 ** (width - 1) else c for c in range(2**width)]
        self.decode = [Fraction(v) / Fraction(2) ** f for v in values]
        if narrow:
            self.unused.add(2 ** (width - 1))

    def _lns(self, width, f, with_zero):
        self.decode = [lns(width, f, with_zero, c) for c in range(2**width)]
        self.beyond = Power(1, Fraction(2 ** (width - 2), 2**f))
        self.zero_step = Power(1, Fraction(-1, 2**f))

    def _table(self, name, head, width):
        if name == "nf4":
            self.decode = [Fraction(float(np.array(b, np.uint32).view(np.float32))) for b in NF4]
        elif name == "fp4.bnb":
            positive = [f32(np.float32(v) / np.float32(12)) for v in BNB]
            self.decode = positive + ["-0"] + [-v for v in positive[1:]]
        elif name == "binary":
            self.decode = [Fraction(-1), Fraction(1)]
        elif head == "bipolar":
            digits = [[1 if b == "1" else -1 for b in bits_of(c, width)] for c in range(2**width)]
            self.decode = [Fraction(sum(d * 2**i for i, d in enumerate(reversed(ds)))) for ds in digits]
        elif name == "ternary":
            self.decode = [Fraction(c - 1) for c in range(4)]
            self.unused = {3}
        elif head == "pot":
            top = 2 ** (width - 1) - 1
            positive = [Fraction(0)] + [Fraction(1, 2 ** (top - field)) for field in range(1, top + 1)]
            self.decode = positive + ["-0"] + [-v for v in positive[1:]]
        elif head == "denseshift":
            positive = [Fraction(2**j) for j in range(2 ** (width - 1))]
            self.decode = positive + [-v for v in positive]
        elif head == "dint":
            magnitudes = [Fraction(0), Fraction(1, 2)] + [Fraction(k) for k in range(1, 2 ** (width - 1))]
            self.decode = magnitudes[:2 ** (width - 1)] + [-magnitudes[2**width - c] for c in range(2 ** (width - 1), 2**width)]
        else:
            raise LookupError(f"no reference for the format {name}: add one to exact_formats.py")

    # -- boundaries

    def _index(self):
        special = {v: c for c, v in reversed(list(enumerate(self.decode))) if isinstance(v, str)}
        self.inf = (special.get("inf"), special.get("-inf"))
        self.nan, self.minus_zero = special.get("nan"), special.get("-0")
        made = [(value_of(v), c, v) for c, v in enumerate(self.decode) if not isinstance(v, str) and c not in self.unused]
        made.sort(key=lambda entry: entry[0])
        self.codes = np.array([c for _, c, _ in made], np.int64)
        points = [v for _, _, v in made]
        numbers = [n for n, _, _ in made]
        self.zero_index = numbers.index(0) if 0 in numbers else None
        # Virtual values where the grid goes on.
        self.first, self.last = 0, len(points) - 1
        if self.beyond is not None:
            points.append(self.beyond)
            numbers.append(value_of(self.beyond))
            if numbers[0] < 0:
                negated = Power(-1, self.beyond.exponent) if isinstance(self.beyond, Power) else -self.beyond
                points.insert(0, negated)
                numbers.insert(0, value_of(negated))
                self.first, self.last = 1, self.last + 1
                self.codes = np.concatenate([[-1], self.codes])
            self.codes = np.concatenate([self.codes, [-1]])
        self.numbers = numbers
        rational = [not isinstance(p, Power) or p.exponent.denominator == 1 for p in points]
        self.value, self.value_exact = self._arrays([at_least(n, r) for n, r in zip(numbers, rational)])
        zero = numbers.index(0) if 0 in numbers else None
        origin = zero if zero is not None else next((i for i, n in enumerate(numbers) if n > 0), len(numbers))
        index = np.arange(len(points))
        rank = np.where(index >= origin, index - origin, (zero if zero is not None else origin - 1) - index)
        self.odd = (self.codes & 1 if self.code_parity else rank & 1).astype(bool)
        self._gaps(points, numbers, rational)

    @staticmethod
    def _arrays(pairs):
        return np.array([p[0] for p in pairs], np.float64), np.array([p[1] for p in pairs], bool)

    def _gaps(self, points, numbers, rational):
        """Boundaries as magnitudes: of the mean, of the mean by ratio, of rounding to nearest."""
        means, ratios, nearest = [], [], []
        for i in range(len(points) - 1):
            low, high = numbers[i], numbers[i + 1]
            if low < 0 < high:
                means.append(at_least((low + high) / 2))
                ratios.append((0.0, False))
                continue
            inner, outer = (i, i + 1) if low >= 0 else (i + 1, i)
            a, b = abs(numbers[inner]), abs(numbers[outer])
            means.append(at_least((a + b) / 2, rational[inner] and rational[outer]))
            if isinstance(points[outer], Power):
                step = self.zero_step.exponent
                exponents = [p.exponent for p in (points[inner], points[outer]) if isinstance(p, Power)]
                middle = (sum(exponents) if len(exponents) == 2 else 2 * exponents[0] + step) / 2
                ratios.append(at_least(Power(1, middle).approximate(), middle.denominator == 1))
            else:
                ratios.append(root_at_least((a if a else b * self.zero_step) * b))
        self.mean, self.mean_exact = self._arrays(means)
        self.ratio, self.ratio_exact = self._arrays(ratios)
        self.nearest, self.nearest_exact = self.mean, self.mean_exact
        if self.posit:
            width, es = self.posit
            for i in range(len(points) - 1):
                code = int(min(self.codes[i] % 2**width, self.codes[i + 1] % 2**width) if numbers[i] >= 0
                           else min(2**width - self.codes[i], -self.codes[i + 1] % 2**width))
                # Nothing but zero rounds to zero: the least double is beyond the boundary.
                nearest.append((5e-324, False) if code == 0 else at_least(posit(width + 1, es, 2 * code + 1)))
            self.nearest, self.nearest_exact = self._arrays(nearest)

    # -- encode

    def encode(self, x, rounding, overflow="saturate", random=None, bits=0):
        """Codes of finite x, -1 for any NaN. `random` with stochastic rounding."""
        x = np.asarray(x, np.float64)
        negative = np.signbit(x)
        below = np.searchsorted(self.value, x, side="right") - 1
        at = np.maximum(below, 0)
        exact = (below >= 0) & (self.value[at] == x) & self.value_exact[at]
        # Left of the first point and right of the last one nothing is chosen.
        outside_low, outside_high = below < 0, (below >= len(self.value) - 1) & ~exact
        gap = np.clip(below, 0, max(len(self.value) - 2, 0))
        inner, outer = np.where(negative, gap + 1, gap), np.where(negative, gap, gap + 1)
        away = self._away(x, gap, inner, negative, rounding, random, bits)
        chosen = np.where(away, outer, inner)
        across = np.array([self.numbers[g] < 0 < self.numbers[g + 1] for g in range(len(self.numbers) - 1)])[gap]
        if across.any():
            upper = self._across(x, gap, negative, rounding, random, bits)
            chosen = np.where(across, np.where(upper, gap + 1, gap), chosen)
        chosen = np.where(exact, at, chosen)
        chosen = np.where(outside_low, 0, np.where(outside_high, len(self.value) - 1, chosen))
        over_low, over_high = chosen < self.first, chosen > self.last
        stays = INWARD.get(rounding, (0, 0))
        codes = self.codes[np.clip(chosen, self.first, self.last)]
        if overflow == "infinity":
            for over, sign in ((over_high, 0), (over_low, 1)):
                if stays[sign]:
                    continue
                result = self.inf[sign] if self.inf[sign] is not None else -1 if self.nan is not None else None
                if result is not None:
                    codes = np.where(over, result, codes)
        if self.minus_zero is not None:
            codes = np.where((self.codes[np.clip(chosen, self.first, self.last)] == self.codes[self._zero()]) & negative,
                             self.minus_zero, codes)
        return codes

    def _zero(self):
        return self.numbers.index(0)

    def _side(self, x, boundary, is_exact):
        return np.where((x == boundary) & is_exact, 0, np.where(x >= boundary, 1, -1))

    def _away(self, x, gap, inner, negative, rounding, random, bits):
        a, odd = np.abs(x), self.odd[inner]
        if rounding in NEAREST:
            side = self._side(a, self.nearest[gap], self.nearest_exact[gap])
            tie = {"nearest_even": odd, "nearest_away": True, "nearest_up": ~negative, "nearest_down": negative}[rounding]
            return (side > 0) | ((side == 0) & tie)
        if rounding == "nearest_log":
            side = self._side(a, self.ratio[gap], self.ratio_exact[gap])
            return (side > 0) | ((side == 0) & odd)
        if rounding.startswith("stochastic"):
            return self._random(a, np.abs(np.array([float(g) for g in gap])).astype(int), inner, rounding, random, bits)
        return {"toward_zero": np.zeros(len(x), bool), "away": np.ones(len(x), bool), "up": ~negative, "down": negative,
                "to_odd": ~odd}[rounding]

    def _random(self, a, gap, inner, rounding, random, bits):
        out = np.zeros(len(a), bool)
        for k in range(len(a)):
            g, i = int(gap[k]), int(inner[k])
            low, high = abs(self.numbers[i]), abs(self.numbers[g + 1 if i == g else g])
            if self.numbers[g] < 0 < self.numbers[g + 1] or high == low:
                continue
            out[k] = rounds_up((Fraction(float(a[k])) - low) / (high - low), rounding, int(random[k]), bits)
        return out

    def _across(self, x, gap, negative, rounding, random, bits):
        if rounding in NEAREST:
            side = np.where(x == self.mean[gap], 0, np.where(x > self.mean[gap], 1, -1))
            tie = {"nearest_up": True, "nearest_down": False}.get(rounding, ~negative)
            return (side > 0) | ((side == 0) & tie)
        if rounding.startswith("stochastic"):
            d = [(Fraction(float(v)) - self.numbers[g]) / (self.numbers[g + 1] - self.numbers[g]) for v, g in zip(x, gap)]
            return np.array([rounds_up(p, rounding, int(r), bits) for p, r in zip(d, random)])
        return {"up": np.ones(len(x), bool), "down": np.zeros(len(x), bool)}.get(rounding, ~negative)

    # -- inputs

    def inputs(self, most=None):
        """Doubles at and around every value and boundary, and beyond the ends."""
        index = np.arange(len(self.value))
        keep = np.ones(len(index), bool)
        if most and len(index) > most:
            edge = np.minimum(np.minimum(index, index[::-1]), np.abs(index - len(index) // 2))
            keep = (edge < most // 8) | (index % (len(index) * 2 // most) < 2)
        sign = np.where(self.value[:-1] < 0, -1.0, 1.0)
        boundaries = [self.mean, self.ratio] + ([self.nearest] if self.posit else [])
        ends = self.value[[0, -1]]
        centre = np.concatenate([self.value[keep]] + [(sign * b)[keep[:-1]] for b in boundaries] +
                                [ends * 1.25, ends * 2, [0.0, 1e-300, 5e-324, 1e300, -1e-300, -5e-324, -1e300]])
        centre = np.unique(centre[np.isfinite(centre)])
        near = centre.astype(np.float32)
        out = [centre, near.astype(np.float64)]
        out += [np.nextafter(near, np.float32(to)).astype(np.float64) for to in (np.inf, -np.inf)]
        if len(centre) < 10000:
            out += [np.nextafter(centre, to) for to in (np.inf, -np.inf)]
        out = np.unique(np.concatenate(out))
        return np.concatenate([out[np.isfinite(out)], [-0.0]])


def rounds_up(d, rounding, random, bits):
    one = 2**bits
    if rounding == "stochastic_fast":
        return d > 0 and math.floor(d * 2 * one) + 2 * random + 1 >= 2 * one
    steps = round(d * one) if rounding == "stochastic_even" else math.floor(d * one)
    return d > 0 and steps + random >= one
