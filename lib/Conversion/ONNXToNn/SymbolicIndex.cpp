// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normal forms of index expressions: polynomial arithmetic, decisions by bounds, and the way back
// to operations.
#include "lib/Conversion/ONNXToNn/SymbolicIndex.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace lpc::onnx_to_nn;

static constexpr __int128 kInfinity = __int128(1) << 120;
static constexpr __int128 kLargestSize = __int128(1) << 40;

static int64_t wrapMul(int64_t x, int64_t y) {
  return static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
}
static int64_t wrapAdd(int64_t x, int64_t y) {
  return static_cast<int64_t>(static_cast<uint64_t>(x) + static_cast<uint64_t>(y));
}

static void addTerm(Poly &p, const std::vector<unsigned> &product, int64_t coefficient) {
  int64_t &c = p[product];
  c = wrapAdd(c, coefficient);
  if (c == 0)
    p.erase(product);
}

Poly SymbolicIndex::constant(int64_t value) {
  Poly p;
  if (value != 0)
    p[{}] = value;
  return p;
}

std::optional<int64_t> SymbolicIndex::constantOf(const Poly &p) {
  if (p.empty())
    return 0;
  if (p.size() == 1 && p.begin()->first.empty())
    return p.begin()->second;
  return std::nullopt;
}

//===- atoms
//------------------------------------------------------------------------------------------===//

unsigned SymbolicIndex::valueAtom(Value v) {
  auto [it, inserted] = valueAtoms.try_emplace(v, atoms.size());
  if (inserted)
    atoms.push_back({AtomKind::Value, v, {}, false});
  return it->second;
}

Poly SymbolicIndex::of(Value v) {
  if (auto it = meanings.find(v); it != meanings.end())
    return it->second;
  if (std::optional<int64_t> c = getConstantIntValue(v))
    return constant(*c);
  return Poly{{{valueAtom(v)}, 1}};
}

Poly SymbolicIndex::of(OpFoldResult x) {
  if (auto v = dyn_cast<Value>(x))
    return of(v);
  return constant(cast<IntegerAttr>(cast<Attribute>(x)).getValue().getSExtValue());
}

Poly SymbolicIndex::size(Value v) {
  unsigned id = valueAtom(v);
  atoms[id].isSize = true;
  return Poly{{{id}, 1}};
}

Poly SymbolicIndex::atom(AtomKind kind, std::vector<Poly> operands) {
  auto [it, inserted] = operationAtoms.try_emplace({kind, operands}, atoms.size());
  if (inserted)
    atoms.push_back({kind, {}, std::move(operands), false});
  return Poly{{{it->second}, 1}};
}

//===- bounds
//-----------------------------------------------------------------------------------------===//

static __int128 clampWide(__int128 x) { return std::clamp(x, -kInfinity, kInfinity); }

/// A product that stays within the bounds; both factors do.
static __int128 mulWide(__int128 x, __int128 y) {
  if (x == 0 || y == 0)
    return 0;
  __int128 ax = x < 0 ? -x : x, ay = y < 0 ? -y : y;
  bool negative = (x < 0) != (y < 0);
  if (ax > kInfinity / ay)
    return negative ? -kInfinity : kInfinity;
  return x * y;
}

std::pair<__int128, __int128> SymbolicIndex::range(unsigned id) {
  const Atom &a = atoms[id];
  auto lo = [&](unsigned i) { return lowest(a.operands[i]); };
  auto hi = [&](unsigned i) { return highest(a.operands[i]); };
  switch (a.kind) {
  case AtomKind::Value:
    if (a.isSize)
      return {0, kLargestSize};
    return {-kInfinity, kInfinity};
  case AtomKind::FloorDiv:
  case AtomKind::CeilDiv:
  case AtomKind::TruncDiv:
    if (lo(0) >= 0 && lo(1) >= 1)
      return {0, hi(0)};
    // A floor may go one step further down than the quotient by 1 would.
    if (lo(1) >= 1)
      return {std::min<__int128>(lo(0), 0), std::max<__int128>(hi(0), 0)};
    return {-kInfinity, kInfinity};
  case AtomKind::FloorMod:
    if (lo(1) >= 1)
      return {0, hi(1) - 1};
    return {-kInfinity, kInfinity};
  case AtomKind::Rem:
    if (lo(0) >= 0 && lo(1) >= 1)
      return {0, hi(1) - 1};
    return {-kInfinity, kInfinity};
  case AtomKind::Min:
    return {std::min(lo(0), lo(1)), std::min(hi(0), hi(1))};
  case AtomKind::Max:
    return {std::max(lo(0), lo(1)), std::max(hi(0), hi(1))};
  case AtomKind::Eq:
  case AtomKind::Lt:
    return {0, 1};
  case AtomKind::Select:
    return {std::min(lo(1), lo(2)), std::max(hi(1), hi(2))};
  }
  return {-kInfinity, kInfinity};
}

__int128 SymbolicIndex::bound(const Poly &p, bool low) {
  __int128 total = 0;
  for (const auto &[product, coefficient] : p) {
    __int128 lo = 1, hi = 1;
    for (unsigned id : product) {
      auto [l, h] = range(id);
      __int128 corners[] = {mulWide(lo, l), mulWide(lo, h), mulWide(hi, l), mulWide(hi, h)};
      lo = *std::min_element(corners, corners + 4);
      hi = *std::max_element(corners, corners + 4);
    }
    total = clampWide(total + mulWide(coefficient, (coefficient > 0) == low ? lo : hi));
    // Once unbounded, a sum stays unbounded: infinities of both signs must not cancel.
    if (total <= -kInfinity || total >= kInfinity)
      return low ? -kInfinity : kInfinity;
  }
  return total;
}

__int128 SymbolicIndex::lowest(const Poly &p) { return bound(p, true); }
__int128 SymbolicIndex::highest(const Poly &p) { return bound(p, false); }

//===- arithmetic
//-------------------------------------------------------------------------------------===//

Poly SymbolicIndex::add(const Poly &x, const Poly &y) {
  Poly r = x;
  for (const auto &[product, c] : y)
    addTerm(r, product, c);
  return r;
}

Poly SymbolicIndex::sub(const Poly &x, const Poly &y) { return add(x, mul(y, constant(-1))); }

Poly SymbolicIndex::mul(const Poly &x, const Poly &y) {
  Poly r;
  for (const auto &[px, cx] : x)
    for (const auto &[py, cy] : y) {
      std::vector<unsigned> product = px;
      product.insert(product.end(), py.begin(), py.end());
      llvm::sort(product);
      addTerm(r, product, wrapMul(cx, cy));
    }
  return r;
}

std::optional<Poly> SymbolicIndex::exactQuotient(const Poly &x, const Poly &y) {
  if (y.empty())
    return std::nullopt;
  // Long division by the greatest term; a monomial divisor, the common case, takes one step for
  // each term of x.
  Poly rest = x, result;
  const auto &[leadProduct, leadCoefficient] = *y.rbegin();
  for (size_t steps = 0; !rest.empty(); ++steps) {
    if (steps > 64)
      return std::nullopt;
    const auto &[product, coefficient] = *rest.rbegin();
    if (leadCoefficient == -1 ? coefficient == std::numeric_limits<int64_t>::min()
                              : coefficient % leadCoefficient != 0)
      return std::nullopt;
    if (!std::includes(product.begin(), product.end(), leadProduct.begin(), leadProduct.end()))
      return std::nullopt;
    std::vector<unsigned> quotient;
    std::set_difference(product.begin(), product.end(), leadProduct.begin(), leadProduct.end(),
                        std::back_inserter(quotient));
    Poly term{{quotient, coefficient / leadCoefficient}};
    Poly next = sub(rest, mul(term, y));
    if (next.count(product))
      return std::nullopt;
    result = add(result, term);
    rest = std::move(next);
  }
  return result;
}

static std::optional<int64_t> divideConstants(AtomKind kind, int64_t x, int64_t y) {
  if (y == 0 || (y == -1 && x == std::numeric_limits<int64_t>::min()))
    return std::nullopt;
  int64_t q = x / y;
  bool inexact = x % y != 0, negative = (x < 0) != (y < 0);
  if (kind == AtomKind::FloorDiv && inexact && negative)
    --q;
  if (kind == AtomKind::CeilDiv && inexact && !negative)
    ++q;
  return q;
}

Poly SymbolicIndex::divide(AtomKind kind, const Poly &x, const Poly &y) {
  std::optional<int64_t> cx = constantOf(x), cy = constantOf(y);
  if (cx && cy)
    if (std::optional<int64_t> q = divideConstants(kind, *cx, *cy))
      return constant(*q);
  if (std::optional<Poly> q = exactQuotient(x, y))
    return *q;
  // (16 n + 5) / 16: the part that divides leaves the rounded division of the rest.
  if (cy && *cy > 0 && kind != AtomKind::TruncDiv) {
    Poly whole, rest;
    for (const auto &[product, c] : x) {
      int64_t q = *divideConstants(AtomKind::FloorDiv, c, *cy);
      // Only the constant may be split; part of a term would make expressions grow.
      if (product.empty()) {
        addTerm(whole, product, q);
        addTerm(rest, product, c - q * *cy);
      } else if (c % *cy == 0) {
        addTerm(whole, product, q);
      } else {
        addTerm(rest, product, c);
      }
    }
    if (std::optional<int64_t> r = constantOf(rest))
      return add(whole, constant(*divideConstants(kind, *r, *cy)));
    if (!whole.empty())
      return add(whole, atom(kind, {rest, y}));
  }
  // For operands that are not negative, flooring and truncating agree.
  if (kind == AtomKind::TruncDiv && lowest(x) >= 0 && lowest(y) >= 1)
    return divide(AtomKind::FloorDiv, x, y);
  return atom(kind, {x, y});
}

Poly SymbolicIndex::remainder(AtomKind kind, const Poly &x, const Poly &y) {
  AtomKind division = kind == AtomKind::FloorMod ? AtomKind::FloorDiv : AtomKind::TruncDiv;
  std::optional<int64_t> cx = constantOf(x), cy = constantOf(y);
  if (cx && cy)
    if (std::optional<int64_t> q = divideConstants(division, *cx, *cy))
      return constant(*cx - *q * *cy);
  if (exactQuotient(x, y))
    return constant(0);
  return atom(kind, {x, y});
}

Poly SymbolicIndex::min(const Poly &x, const Poly &y) {
  Poly d = sub(x, y);
  if (highest(d) <= 0)
    return x;
  if (lowest(d) >= 0)
    return y;
  return x < y ? atom(AtomKind::Min, {x, y}) : atom(AtomKind::Min, {y, x});
}

Poly SymbolicIndex::max(const Poly &x, const Poly &y) {
  Poly d = sub(x, y);
  if (highest(d) <= 0)
    return y;
  if (lowest(d) >= 0)
    return x;
  return x < y ? atom(AtomKind::Max, {x, y}) : atom(AtomKind::Max, {y, x});
}

Poly SymbolicIndex::equal(const Poly &x, const Poly &y) {
  Poly d = sub(x, y);
  if (d.empty())
    return constant(1);
  if (lowest(d) > 0 || highest(d) < 0)
    return constant(0);
  return x < y ? atom(AtomKind::Eq, {x, y}) : atom(AtomKind::Eq, {y, x});
}

Poly SymbolicIndex::less(const Poly &x, const Poly &y) {
  Poly d = sub(x, y);
  if (highest(d) < 0)
    return constant(1);
  if (lowest(d) >= 0)
    return constant(0);
  return atom(AtomKind::Lt, {x, y});
}

Poly SymbolicIndex::select(const Poly &condition, const Poly &x, const Poly &y) {
  if (x == y)
    return x;
  if (std::optional<int64_t> c = constantOf(condition))
    return *c ? x : y;
  return atom(AtomKind::Select, {condition, x, y});
}

//===- values
//-----------------------------------------------------------------------------------------===//

/// Conversion only ever appends to a block, so a value is visible where its region encloses the
/// insertion point.
static bool isValueVisible(Value v, OpBuilder &b) {
  return v.getParentRegion()->isAncestor(b.getInsertionBlock()->getParent());
}

bool SymbolicIndex::isVisible(const Poly &p, OpBuilder &b) {
  for (const auto &[product, coefficient] : p)
    for (unsigned id : product) {
      const Atom &a = atoms[id];
      if (a.kind == AtomKind::Value
              ? !isValueVisible(a.value, b)
              : !llvm::all_of(a.operands, [&](const Poly &q) { return isVisible(q, b); }))
        return false;
    }
  return true;
}

Value SymbolicIndex::valueOfAtom(OpBuilder &b, Location loc, unsigned id) {
  // A copy: building operands may add atoms and move the table.
  Atom a = atoms[id];
  if (a.kind == AtomKind::Value)
    return a.value;
  SmallVector<Value> v;
  for (const Poly &p : a.operands)
    v.push_back(valueOf(b, loc, p));
  switch (a.kind) {
  case AtomKind::FloorDiv:
    if (lowest(a.operands[0]) >= 0 && lowest(a.operands[1]) >= 1)
      return arith::DivUIOp::create(b, loc, v[0], v[1]);
    return arith::FloorDivSIOp::create(b, loc, v[0], v[1]);
  case AtomKind::CeilDiv:
    return arith::CeilDivSIOp::create(b, loc, v[0], v[1]);
  case AtomKind::TruncDiv:
    return arith::DivSIOp::create(b, loc, v[0], v[1]);
  case AtomKind::Rem:
    return arith::RemSIOp::create(b, loc, v[0], v[1]);
  case AtomKind::FloorMod: {
    Value q = arith::FloorDivSIOp::create(b, loc, v[0], v[1]);
    return arith::SubIOp::create(b, loc, v[0], arith::MulIOp::create(b, loc, q, v[1]));
  }
  case AtomKind::Min:
    return arith::MinSIOp::create(b, loc, v[0], v[1]);
  case AtomKind::Max:
    return arith::MaxSIOp::create(b, loc, v[0], v[1]);
  case AtomKind::Eq:
  case AtomKind::Lt: {
    auto predicate = a.kind == AtomKind::Eq ? arith::CmpIPredicate::eq : arith::CmpIPredicate::slt;
    Value bit = arith::CmpIOp::create(b, loc, predicate, v[0], v[1]);
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), bit);
  }
  case AtomKind::Select: {
    Value zero = valueOf(b, loc, Poly());
    Value bit = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v[0], zero);
    return arith::SelectOp::create(b, loc, bit, v[1], v[2]);
  }
  case AtomKind::Value:
    break;
  }
  llvm_unreachable("value atoms are handled above");
}

Value SymbolicIndex::valueOf(OpBuilder &b, Location loc, const Poly &p) {
  if (auto it = built.find(p); it != built.end())
    for (Value v : it->second)
      if (isValueVisible(v, b))
        return v;
  Value result;
  std::optional<int64_t> whole = constantOf(p);
  if (whole) {
    result = arith::ConstantIndexOp::create(b, loc, *whole);
  } else if (p.size() == 1 && p.begin()->second == 1 && p.begin()->first.size() == 1) {
    result = valueOfAtom(b, loc, p.begin()->first.front());
  } else if (p.size() == 1) {
    const auto &[product, coefficient] = *p.begin();
    for (unsigned id : product) {
      Value factor = valueOf(b, loc, Poly{{{id}, 1}});
      result = result ? Value(arith::MulIOp::create(b, loc, result, factor)) : factor;
    }
    if (coefficient != 1)
      result = arith::MulIOp::create(b, loc, result, valueOf(b, loc, constant(coefficient)));
  } else {
    // Terms with atoms first, the constant last.
    for (const auto &[product, coefficient] : p)
      if (!product.empty()) {
        Value term = valueOf(b, loc, Poly{{product, coefficient}});
        result = result ? Value(arith::AddIOp::create(b, loc, result, term)) : term;
      }
    if (auto it = p.find({}); it != p.end())
      result = arith::AddIOp::create(b, loc, result, valueOf(b, loc, constant(it->second)));
  }
  built[p].push_back(result);
  meanings.try_emplace(result, p);
  return result;
}

OpFoldResult SymbolicIndex::materialize(OpBuilder &b, Location loc, const Poly &p) {
  if (std::optional<int64_t> c = constantOf(p))
    return b.getIndexAttr(*c);
  return valueOf(b, loc, p);
}
