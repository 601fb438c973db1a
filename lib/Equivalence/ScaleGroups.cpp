// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds out which channels can be scaled, and scales them.
#include "ScaleGroups.h"
#include "ExactConstants.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;
using quant::ObservedActivation;

static const void *placeOf(const AxisMember &m) {
  return m.use ? static_cast<const void *>(m.use) : m.value.getAsOpaquePointer();
}

static int64_t channelsOf(const ObservedActivation &a) {
  return cast<RankedTensorType>(a.value.getType()).getDimSize(a.axis);
}

//===- norms without a gain
//---------------------------------------------------------------------------===//

/// Gives a norm a gain of ones; false if it has one or is not of that kind.
static bool giveGain(Operation *op) {
  auto layer = dyn_cast<nn::LayerNormOp>(op);
  auto rms = dyn_cast<nn::RMSNormOp>(op);
  if ((!layer && !rms) || (layer ? layer.getScale() : rms.getScale()))
    return false;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t last = type.getRank() - 1, n = type.getDimSize(last);
  if (static_cast<int64_t>(layer ? layer.getAxis() : rms.getAxis()) != last ||
      ShapedType::isDynamic(n))
    return false;
  Value gain = makeExact(op, op->getLoc(), RankedTensorType::get({n}, type.getElementType()),
                         std::vector<double>(n, 1));
  layer ? layer.getScaleMutable().assign(gain) : rms.getScaleMutable().assign(gain);
  return true;
}

/// The gain has served no purpose.
static void takeGain(Operation *op) {
  auto layer = dyn_cast<nn::LayerNormOp>(op);
  auto rms = dyn_cast<nn::RMSNormOp>(op);
  Operation *gain = (layer ? layer.getScale() : rms.getScale()).getDefiningOp();
  layer ? layer.getScaleMutable().clear() : rms.getScaleMutable().clear();
  while (gain && gain->use_empty()) {
    Operation *source = gain->getNumOperands() ? gain->getOperand(0).getDefiningOp() : nullptr;
    gain->erase();
    gain = source;
  }
}

//===- groups
//-----------------------------------------------------------------------------------------===//

/// The factors of the channels of an activation, outermost first; none if they are parts one after
/// the other.
static SmallVector<std::pair<const AxisClass *, const AxisMember *>>
factorsOf(const std::vector<AxisClass> &classes, const ObservedActivation &a) {
  SmallVector<std::pair<const AxisClass *, const AxisMember *>> factors;
  for (const AxisClass &c : classes)
    for (const AxisMember &m : c.members)
      if (m.value == a.value && m.axis == a.axis) {
        if (!m.coversAxis(c.size))
          return {};
        factors.push_back({&c, &m});
      }
  llvm::sort(factors, [](auto &x, auto &y) { return x.second->outer < y.second->outer; });
  return factors;
}

/// Members by place; nothing if a place occurs twice.
static std::optional<ScaleFactor> makeFactor(const AxisClass &c) {
  ScaleFactor f;
  f.axisClass = &c;
  for (const AxisMember &m : c.members)
    if (!f.members.try_emplace(placeOf(m), &m).second)
      return std::nullopt;
  return f;
}

/// A number for each combination of indices of both passes wherever a number for each index does:
/// the same places have both, and both take the same side of them.
static bool areJoint(const ScaleFactor &a, const ScaleFactor &b, const void *place) {
  bool same = a.members.lookup(place)->dual == b.members.lookup(place)->dual;
  return a.members.size() == b.members.size() && llvm::all_of(a.members, [&](auto &entry) {
           const AxisMember *other = b.members.lookup(entry.first);
           return other && (other->dual == entry.second->dual) == same;
         });
}

void ScaleGroups::collect(const ObservedActivation &a) {
  if (channelsOf(a) == 1)
    return; // a scale of one channel is none
  auto factors = factorsOf(classes, a);
  int64_t covered = 1;
  for (auto &[c, m] : factors)
    covered *= c->size;
  if (covered != channelsOf(a))
    return refused.push_back(
        {a, a.readers.front().op, "its channels are of unknown size, parts, or not followed"});
  ScaleGroup group;
  const AxisClass *barred = nullptr;
  const void *place = a.value.getAsOpaquePointer();
  for (auto &[c, m] : factors) {
    if (!c->isLegal()) {
      if (!barred || c->size > barred->size)
        barred = c;
      continue;
    }
    std::optional<ScaleFactor> f = makeFactor(*c);
    if (!f || !c->hasConstant())
      continue;
    // All factors in one direction: mixed ones would need two signs.
    if (!group.factors.empty() && (!areJoint(group.factors.front(), *f, place) ||
                                   group.factors.front().members.lookup(place)->dual != m->dual)) {
      // The larger one says more.
      if (c->size <= group.size)
        continue;
      group.factors.clear();
      group.size = 1;
    }
    group.factors.push_back(std::move(*f));
    group.size *= c->size;
  }
  if (group.factors.empty()) {
    if (barred)
      refused.push_back({a, barred->barriers.front().op, barred->barriers.front().why});
    else
      refused.push_back({a, a.readers.front().op, "no constant would take the scale"});
    return;
  }
  for (ScaleGroup &other : found)
    if (llvm::equal(other.factors, group.factors,
                    [](auto &x, auto &y) { return x.axisClass == y.axisClass; })) {
      bool sameSide = other.factors.front()
                          .members.lookup(other.activations.front().value.getAsOpaquePointer())
                          ->dual == group.factors.front().members.lookup(place)->dual;
      if (sameSide)
        other.activations.push_back(a);
      else
        refused.push_back({a, a.readers.front().op, "another activation takes the inverse scale"});
      return;
    }
  group.activations.push_back(a);
  found.push_back(std::move(group));
}

ScaleGroups::ScaleGroups(func::FuncOp func) {
  std::vector<ObservedActivation> activations = quant::findObservedActivations(func);
  func.walk([&](Operation *op) {
    if (giveGain(op))
      given.push_back(op);
  });
  classes = findAxisClasses(func, Transform::Diagonal, Parts::Known);
  for (const ObservedActivation &a : activations)
    collect(a);
}

LogicalResult ScaleGroups::removeIdleGains() {
  for (Operation *op : given) {
    FailureOr<std::vector<double>> gain = readExact(op->getOpOperand(1));
    if (failed(gain))
      return failure();
    if (llvm::all_of(*gain, [](double g) { return g == 1; }))
      takeGain(op);
  }
  return success();
}

//===- applying
//---------------------------------------------------------------------------------------===//

std::vector<int64_t> ScaleGroup::indicesOf(const ObservedActivation &a) const {
  std::vector<int64_t> indices(channelsOf(a), 0);
  for (const ScaleFactor &f : factors) {
    const AxisMember *m = f.members.lookup(a.value.getAsOpaquePointer());
    for (size_t k = 0; k < indices.size(); ++k)
      indices[k] = indices[k] * f.axisClass->size + *m->indexAt(k, f.axisClass->size);
  }
  return indices;
}

void ScaleGroup::forEach(OpOperand &use, MutableArrayRef<double> values,
                         llvm::function_ref<void(double &, int64_t)> visit) const {
  auto type = cast<RankedTensorType>(use.get().getType());
  struct Digit {
    const AxisMember *member;
    int64_t behind, axis, size;
  };
  SmallVector<Digit> digits;
  for (const ScaleFactor &f : factors) {
    const AxisMember *m = f.members.lookup(&use);
    int64_t behind = 1;
    for (int64_t axis = m->axis + 1; axis < type.getRank(); ++axis)
      behind *= type.getDimSize(axis);
    digits.push_back({m, behind, type.getDimSize(m->axis), f.axisClass->size});
  }
  for (int64_t i = 0, e = values.size(); i < e; ++i) {
    int64_t index = 0;
    bool isMember = true;
    for (const Digit &d : digits) {
      std::optional<int64_t> at = d.member->indexAt(i / d.behind % d.axis, d.size);
      isMember &= at.has_value();
      index = index * d.size + at.value_or(0);
    }
    if (isMember)
      visit(values[i], index);
  }
}

LogicalResult ScaleGroup::apply(ArrayRef<double> scales) const {
  const ScaleFactor &first = factors.front();
  bool side = first.members.lookup(activations.front().value.getAsOpaquePointer())->dual;
  for (const AxisMember &m : first.axisClass->members) {
    if (!m.use)
      continue;
    FailureOr<std::vector<double>> values = readExact(*m.use);
    if (failed(values))
      return failure();
    bool divides = m.dual == side;
    forEach(*m.use, *values,
            [&](double &x, int64_t i) { x = divides ? x / scales[i] : x * scales[i]; });
    writeExact(*m.use, std::move(*values));
  }
  return success();
}

/// Calls `visit` with each element of a reader's weight and the channel that meets it.
static void forEachWeight(const quant::Contraction &c, MutableArrayRef<double> values,
                          llvm::function_ref<void(double &, int64_t)> visit) {
  auto type = cast<RankedTensorType>(c.weight->get().getType());
  int64_t rank = type.getRank(), axis = rank - 2, groups = 1;
  if (auto conv = dyn_cast<nn::ConvOp>(c.op)) {
    axis = 1;
    groups = conv.getGroups();
  } else if (cast<nn::MatMulOp>(c.op).getTransposeRhs()) {
    axis = rank - 1;
  }
  int64_t inner = 1, k = type.getDimSize(axis);
  for (int64_t i = axis + 1; i < rank; ++i)
    inner *= type.getDimSize(i);
  int64_t perGroup = groups > 1 ? type.getDimSize(0) / groups * k * inner : 0;
  for (int64_t i = 0, e = values.size(); i < e; ++i)
    visit(values[i], i / inner % k + (groups > 1 ? i / perGroup * k : 0));
}

FailureOr<std::vector<double>> equiv::weightMaxima(const ObservedActivation &a) {
  std::vector<double> most(channelsOf(a), 0);
  for (const quant::Contraction &c : a.readers) {
    FailureOr<std::vector<double>> values = readExact(*c.weight);
    if (failed(values))
      return failure();
    forEachWeight(c, *values,
                  [&](double &x, int64_t k) { most[k] = std::max(most[k], std::abs(x)); });
  }
  return most;
}

LogicalResult equiv::scaleExplicitly(const ObservedActivation &a, ArrayRef<double> scales) {
  auto type = cast<RankedTensorType>(a.value.getType());
  SmallVector<int64_t> shape(type.getRank() - a.axis, 1);
  shape[0] = type.getDimSize(a.axis);
  std::vector<double> inverse;
  for (double s : scales)
    inverse.push_back(1 / s);
  // Readers may be in regions of their own.
  OpBuilder b(a.value.getContext());
  b.setInsertionPointAfterValue(a.value);
  Operation *next = &*b.getInsertionPoint();
  Location loc = a.readers.front().op->getLoc();
  Value factor =
      makeExact(next, loc, RankedTensorType::get(shape, type.getElementType()), std::move(inverse));
  Value scaled =
      nn::BinaryOp::create(b, loc, a.value.getType(), nn::BinaryKind::Mul, a.value, factor);
  for (const quant::Contraction &c : a.readers) {
    FailureOr<std::vector<double>> values = readExact(*c.weight);
    if (failed(values))
      return failure();
    forEachWeight(c, *values, [&](double &x, int64_t k) { x *= scales[k]; });
    writeExact(*c.weight, std::move(*values));
    c.activation->set(scaled);
  }
  return success();
}

//===- statistics
//-------------------------------------------------------------------------------------===//

FailureOr<quant::ChannelStatisticsFile> equiv::readStatistics(func::FuncOp func, StringRef path) {
  if (path.empty())
    return func.emitError() << "option statistics: expected a file that `lpc compile "
                               "--save-statistics` wrote, but got none";
  std::string error;
  auto file = quant::ChannelStatisticsFile::read(path, error);
  if (failed(file))
    return func.emitError() << "option statistics: " << error;
  return file;
}

FailureOr<const quant::ChannelStatistics *>
equiv::statisticsOf(const quant::ChannelStatisticsFile &file, const ObservedActivation &a) {
  std::string error;
  const quant::ChannelStatistics *t = file.find(a.id, channelsOf(a), error);
  if (!t)
    return a.readers.front().op->emitError() << error;
  return t;
}
