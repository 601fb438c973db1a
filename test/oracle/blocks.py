# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares lpc's quantized blocks with software written by others (gguf, gfloat) and with published scale rules.
"""Usage: blocks.py <path of lpc-block-dump>

gguf: decode of random bytes and encode of random and adversarial blocks, bit for bit. gfloat: its MX block formats.
block_rules.py: the rules of torchao, TransformerEngine, BitNet, DeepSeek, AFPQ, block floating point and QRazor.
block_searches.py: rules that search or count, super-blocks, tiles, windows and batches.
"""

import os
import struct
import subprocess
import sys

import block_rules as rules
import block_searches as searches
import gguf
import numpy as np

F = np.float32


class Lpc:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _ask(self, line, payload):
        self.process.stdin.write(line.encode() + b"\n" + payload)
        self.process.stdin.flush()
        status = self._read(4, line)
        if struct.unpack("<I", status)[0]:
            sys.exit(f"{line}: {self.process.stdout.readline().decode()}")

    def _read(self, size, what=""):
        data = self.process.stdout.read(size)
        if len(data) != size:
            sys.exit(f"lpc-block-dump stopped at: {what}")
        return data

    def _array(self, dtype):
        size = struct.unpack("<Q", self._read(8))[0]
        return np.frombuffer(self._read(size), dtype)

    @staticmethod
    def _tensor(x, roles="rows"):
        return f"{roles} {x.ndim} " + " ".join(map(str, x.shape))

    def quantize(self, spec, x, roles="rows", threads=1):
        x = np.ascontiguousarray(x, F)
        self._ask(f"quantize {spec} {threads} 0 {self._tensor(x, roles)}", x.tobytes())
        names = ["codes", "values", "scale", "outer", "negative", "offset", "outer_offset", "zero", "float_zero", "table"]
        dtypes = [np.uint16] + [F] * 6 + [np.int32, F, F]
        out = {n: self._array(d) for n, d in zip(names, dtypes)}
        out["codes"] = out["codes"].reshape(x.shape).astype(np.int64)
        out["values"] = out["values"].reshape(x.shape)
        return out

    def pack(self, kind, x):
        x = np.ascontiguousarray(x, F)
        self._ask(f"pack {kind} {self._tensor(x)}", x.tobytes())
        return self._array(np.uint8)

    def unpack(self, kind, data, shape):
        self._ask(f"unpack {kind} rows {len(shape)} " + " ".join(map(str, shape)), data.tobytes())
        return self._array(F).reshape(shape)


class Tally:
    def __init__(self):
        self.checks, self.failures, self.known = 0, [], {}

    def same(self, what, ours, theirs, context=None, known=(), bits=True):
        """Equal, also in the sign of zero (bits), or both NaN."""
        ours, theirs = np.asarray(ours), np.asarray(theirs)
        self.checks += ours.size
        if ours.shape != theirs.shape:
            self.failures.append(f"{what}: shapes {ours.shape} and {theirs.shape}")
            return
        equal = ours == theirs
        if ours.dtype.kind == "f":
            if bits:
                equal &= np.signbit(ours) == np.signbit(theirs)
            equal |= np.isnan(ours) & np.isnan(theirs)
        for mask, reason in known:
            mask = np.broadcast_to(mask, equal.shape)
            hits = int(np.count_nonzero(~equal & mask))
            if hits:
                self.known[reason] = self.known.get(reason, 0) + hits
            equal |= mask
        if not equal.all():
            at = np.unravel_index(np.argmin(equal), equal.shape)
            where = "" if context is None else f", block {context[at[0]].tolist()[:64]}"
            self.failures.append(f"{what}: {np.count_nonzero(~equal)} of {equal.size} differ, first at {at}: "
                                 f"lpc {ours[at]!r}, oracle {theirs[at]!r}{where}")


def make_blocks(g, count, rng, specials=True, limit=3e38):
    """Random blocks of many magnitudes, then blocks made to break rules."""
    normal = rng.standard_normal((count, g))
    wide = normal * 2.0 ** rng.integers(-30, 31, (count, 1))
    heavy = rng.laplace(size=(count, g)) * 2.0 ** rng.integers(-8, 9, (count, g))
    ties = rng.integers(-24, 25, (count, g)) / 4
    small = normal * 2.0 ** rng.integers(-149, -100, (count, 1))
    large = np.clip(normal * 2.0 ** rng.integers(100, 128, (count, 1)), -limit, limit)
    blocks = [normal, wide, heavy, ties]
    if specials:
        blocks += [small, large]
    special = np.zeros((0, g))
    if specials:
        rows = []
        for value in (0.0, -0.0, 1.0, -1.0, 7.9999995, 3.9999998, 448, 449, 464, 480, 496, 500, 512, 6, 6.5, 7, 8, 1e-45, 1.1754944e-38, 1e-4,
                      4.48e-2, 3.4e38, 1e30, -65504):
            rows.append(np.full(g, value))
            one = np.zeros(g)
            one[g // 3] = value
            rows.append(one)
            mixed = rng.standard_normal(g)
            mixed[g // 2] = value
            rows.append(mixed)
        for value in (np.nan, np.inf, -np.inf):
            mixed = rng.standard_normal(g)
            mixed[1] = value
            rows += [mixed, np.full(g, value)]
        special = np.array(rows)
    return np.concatenate(blocks + [special]).astype(F)


def check_mx(lpc, tally, rng):
    x = make_blocks(32, 400, rng)
    for name in rules.ELEMENTS:
        for rule in ("floor", "ceil", "even", "rceil"):
            spec = f"{name}/g32:e8m0@{rule}"
            ours = lpc.quantize(spec, x)
            codes, scale = rules.mx(x, rule, name)
            tally.same(f"{spec} scale", ours["scale"], scale)
            tally.same(f"{spec} codes", ours["codes"], codes, x)


def check_gfloat(lpc, tally, rng):
    """gfloat computes scales of its own choosing; here it decodes and encodes under lpc's scales."""
    from gfloat import decode_float, encode_float, round_float, RoundMode
    from gfloat.formats import format_info_ocp_e2m1, format_info_ocp_e2m3, format_info_ocp_e3m2, format_info_ocp_e4m3, format_info_ocp_e5m2
    from gfloat.formats import format_info_mxfp4_e2m1, format_info_mxfp6_e2m3, format_info_mxfp6_e3m2, format_info_mxfp8_e4m3, format_info_mxfp8_e5m2
    from gfloat import decode_block

    x = make_blocks(32, 6, rng)
    x = x[np.isfinite(x).all(axis=1)]
    for spec, block, element in [("mxfp4", format_info_mxfp4_e2m1, format_info_ocp_e2m1), ("mxfp6", format_info_mxfp6_e2m3, format_info_ocp_e2m3),
                                 ("mxfp6_e3m2", format_info_mxfp6_e3m2, format_info_ocp_e3m2), ("mxfp8", format_info_mxfp8_e4m3, format_info_ocp_e4m3),
                                 ("mxfp8_e5m2", format_info_mxfp8_e5m2, format_info_ocp_e5m2)]:
        ours = lpc.quantize(spec, x)
        scale_codes = (np.log2(ours["scale"].astype(np.float64)) + 127).astype(int)
        for i, row in enumerate(x):
            values = np.array(list(decode_block(block, [int(scale_codes[i])] + [int(c) for c in ours["codes"][i]])))
            with np.errstate(over="ignore"):
                tally.same(f"gfloat decode {spec}", ours["values"][i], values.astype(F))
            s = float(ours["scale"][i])
            theirs = [encode_float(element, round_float(element, float(F(v) / F(s)), RoundMode.TiesToEven, sat=True)) for v in row]
            tally.same(f"gfloat encode {spec}", ours["codes"][i], np.array(theirs))


def check_nv(lpc, tally, rng):
    for most in (None, 0.0, 1e-30):
        x = make_blocks(16, 300, rng, specials=most is None, limit=1e30)
        if most is not None:
            x = (x / np.max(np.abs(x)) * F(most)).astype(F)
        for keep in (np.isfinite(x).all(axis=1), np.ones(len(x), bool)):
            b = x[keep]
            a = rules.magnitude(b.reshape(1, -1))[0]
            for spec, args in [("nvfp4", {}), ("nvfp4@nv_divide", {"divide": True}), ("nvint4", {"largest": 7.0, "element": "int4"})]:
                ours = lpc.quantize(spec, b)
                (codes, sf), s_dec, _ = rules.nv(b, a, **args)
                tally.same(f"{spec} outer", ours["outer"], np.array([s_dec], F))
                tally.same(f"{spec} scale", ours["scale"], sf)
                tally.same(f"{spec} codes", ours["codes"], codes, b)
            for spec, limit in [("nvfp4@four_over_six", 448.0), ("nvfp4@four_over_six_256", 256.0)]:
                ours = lpc.quantize(spec, b)
                codes, sf, s_dec = rules.four_over_six(b, a, limit)
                tally.same(f"{spec} scale", ours["scale"], sf, b)
                tally.same(f"{spec} codes", ours["codes"], codes, b)


def check_single(lpc, tally, rng):
    x = make_blocks(128, 200, rng)
    for power in (False, True):
        spec = "e4m3/g128@pow2" if power else "e4m3/g128"
        ours = lpc.quantize(spec, x)
        codes, scale = rules.deepseek(x, power)
        tally.same(f"{spec} scale", ours["scale"], scale)
        tally.same(f"{spec} codes", ours["codes"], codes, x)
    for bits in (3, 4, 8):
        spec = f"int{bits}.narrow/g128/posneg"
        ours = lpc.quantize(spec, x)
        codes, positive, negative = rules.afpq(x, 2 ** (bits - 1) - 1, bits)
        tally.same(f"{spec} scale", ours["scale"], positive)
        tally.same(f"{spec} negative scale", ours["negative"], negative)
        tally.same(f"{spec} codes", ours["codes"], codes, x)
        for kind, word in (("asym", "asym"), ("float", "asym:float"), ("offset", "offset")):
            spec = f"uint{bits}/g128/{word}"
            b = x[np.isfinite(x).all(axis=1) | np.isnan(x).any(axis=1)]
            ours = lpc.quantize(spec, b)
            codes, scale, zero = rules.affine(b, bits, kind)
            tally.same(f"{spec} scale", ours["scale"], scale)
            tally.same(f"{spec} zero", ours[{"asym": "zero", "float": "float_zero", "offset": "offset"}[kind]], zero, bits=False)
            tally.same(f"{spec} codes", ours["codes"], codes, b)
    b = make_blocks(64, 200, rng)
    ours = lpc.quantize("ternary/g64", b)
    codes, scale = rules.bitnet(b)
    tally.same("ternary scale", ours["scale"], scale)
    tally.same("ternary codes", ours["codes"] - 1, codes, b)
    x = make_blocks(16, 300, rng)
    x = x[~np.isinf(x).any(axis=1) & (np.abs(np.nan_to_num(x)).max(axis=1) > 1e-37) | (x == 0).all(axis=1)]
    for bits in (4, 8):
        for word, raises in (("floor", False), ("raise", True)):
            spec = f"int{bits}.narrow/g16:e8m0@{word}"
            ours = lpc.quantize(spec, x)
            codes, scale = rules.bfp(x, bits, raises)
            tally.same(f"{spec} scale", ours["scale"], scale)
            tally.same(f"{spec} codes", ours["codes"], codes, x)
    for preset, base in (("razor4", 127), ("razor4_16", 32767)):
        for count in (40, 400):
            b = (rng.standard_normal((count, 16)) * 2.0 ** rng.integers(-9, 1, (count, 1))).astype(F)
            ours = lpc.quantize(preset, b)
            codes, shift, s = rules.razor(b, rules.magnitude(b.reshape(1, -1))[0], base, 4)
            tally.same(f"{preset} outer", ours["outer"], np.array([s]))
            tally.same(f"{preset} shift", ours["scale"], shift)
            tally.same(f"{preset} codes", ours["codes"], codes, b)


def check_gguf(lpc, tally, rng):
    kinds = {"q4_0": 32, "q8_0": 32, "tq1_0": 256, "tq2_0": 256, "q4_k": 256, "q6_k": 256}
    for kind, elements in kinds.items():
        qtype = gguf.GGMLQuantizationType[kind.upper()]
        size = gguf.GGML_QUANT_SIZES[qtype][1]
        data = rng.integers(0, 256, (500, size), dtype=np.uint8)
        theirs = gguf.dequantize(data, qtype)
        ours = lpc.unpack(kind, data, theirs.shape)
        tally.same(f"gguf decode {kind}", ours, theirs)
        if kind in ("q4_k", "q6_k"):
            continue
        x = make_blocks(elements, 300, rng)
        # gguf's arithmetic leaves these undefined: NaN and infinity cast to integers, reciprocals of subnormal scales.
        a = np.abs(x).max(axis=1)
        x = x[np.isfinite(x).all(axis=1) & ((a == 0) | (a > 1e-34)) & (a < 6e4)]
        theirs = gguf.quantize(x, qtype)
        tally.same(f"gguf encode {kind}", lpc.pack(kind, x).reshape(theirs.shape), theirs, x)


def main():
    if len(sys.argv) != 2 or not os.path.exists(sys.argv[1]):
        sys.exit(__doc__)
    lpc, tally, rng = Lpc(sys.argv[1]), Tally(), np.random.default_rng(7)
    check_mx(lpc, tally, rng)
    check_gfloat(lpc, tally, rng)
    check_nv(lpc, tally, rng)
    check_single(lpc, tally, rng)
    check_gguf(lpc, tally, rng)
    searches.check_searches(lpc, tally, rng, make_blocks)
    searches.check_super_blocks(lpc, tally, rng)
    searches.check_shapes(lpc, tally, rng)
    for reason, count in tally.known.items():
        print(f"known disagreement, {count} elements: {reason}")
    for failure in tally.failures[:40]:
        print("FAILED", failure)
    print(f"{tally.checks} comparisons, {len(tally.failures)} failures")
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        main()
