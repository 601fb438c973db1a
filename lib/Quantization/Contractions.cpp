// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finding contractions, their names and their constants.
#include "lpc/Quantization/Contractions.h"

#include "lpc/Quantization/Keep.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

std::string quant::nameOf(Operation *op) {
  std::string name;
  op->getLoc()->walk([&](Location loc) {
    if (auto named = dyn_cast<NameLoc>(loc)) {
      name = named.getName().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

FailureOr<std::optional<llvm::Regex>> quant::compileKeep(Location loc, StringRef pattern) {
  if (pattern.empty())
    return std::optional<llvm::Regex>();
  std::optional<llvm::Regex> regex(std::in_place, pattern);
  std::string error;
  if (!regex->isValid(error))
    return emitError(loc) << "option keep: '" << pattern << "' is no regular expression: " << error;
  return std::move(regex);
}

std::optional<std::string> quant::describeIdleKeep(ModuleOp module, StringRef pattern) {
  llvm::Regex regex(pattern);
  if (pattern.empty() || !regex.isValid())
    return std::nullopt;
  constexpr size_t kShown = 5;
  std::string names;
  size_t count = 0;
  bool matches = false;
  std::optional<llvm::Regex> none;
  for (auto func : module.getOps<func::FuncOp>())
    for (const Contraction &c : findContractions(func, none)) {
      std::string name = nameOf(c.op);
      matches |= regex.match(name);
      if (++count <= kShown)
        names += (names.empty() ? "'" : ", '") + name + "'";
    }
  if (matches)
    return std::nullopt;
  std::string text =
      "'" + pattern.str() + "' is the name of none of the contractions that can be quantized";
  if (count > kShown)
    names += " and " + std::to_string(count - kShown) + " more";
  return names.empty() ? text : text + ": they are " + names;
}

nn::ConstantOp quant::constantOf(Value v) {
  // Rewrites keep weights in f64 (docs/Decisions/20261125-exact-weights.md).
  if (auto cast = v.getDefiningOp<nn::CastOp>();
      cast && getElementTypeOrSelf(cast.getInput().getType()).isF64())
    v = cast.getInput();
  auto c = v.getDefiningOp<nn::ConstantOp>();
  return c && isa<FloatType>(getElementTypeOrSelf(v.getType())) ? c : nn::ConstantOp();
}

static bool isWeight(Value v) {
  if (auto dq = v.getDefiningOp<lp::DequantizeOp>())
    return dq.getInput().getDefiningOp<lp::ConstantOp>() != nullptr;
  return constantOf(v) != nullptr;
}

SmallVector<Contraction> quant::findContractions(func::FuncOp func,
                                                 std::optional<llvm::Regex> &keep) {
  SmallVector<Contraction> found;
  func.walk([&](Operation *op) {
    if (!isa<nn::MatMulOp, nn::ConvOp>(op) || !isWeight(op->getOperand(1)))
      return;
    if (!isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType())))
      return;
    if (keep && keep->match(nameOf(op)))
      return;
    found.push_back({op, &op->getOpOperand(0), &op->getOpOperand(1)});
  });
  return found;
}

std::vector<ObservedActivation> quant::findObservedActivations(func::FuncOp func) {
  std::vector<ObservedActivation> found;
  llvm::DenseMap<Value, size_t> places;
  std::optional<llvm::Regex> all;
  for (Contraction &c : findContractions(func, all)) {
    Value x = c.activation->get();
    if (x.getDefiningOp<lp::ObserveOp>() || !getElementTypeOrSelf(x.getType()).isF32())
      continue;
    auto [it, isNew] = places.try_emplace(x, found.size());
    if (isNew) {
      int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
      found.push_back({static_cast<int64_t>(found.size()), x, c.isConv() ? 1 : rank - 1, {}});
    }
    found[it->second].readers.push_back(c);
  }
  return found;
}

/// Widens IEEE half bits.
static float halfToFloat(uint16_t bits) {
  return llvm::APFloat(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits)).convertToFloat();
}

template <typename T>
static std::vector<float> widen(ArrayRef<char> bytes, int64_t n, float (*f)(T)) {
  std::vector<float> out(n);
  for (int64_t i = 0; i < n; ++i) {
    T x;
    memcpy(&x, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = f(x);
  }
  return out;
}

std::optional<std::vector<float>> quant::readFloats(ElementsAttr value) {
  Type type = value.getElementType();
  int64_t n = value.getNumElements();
  ArrayRef<char> bytes;
  bool splat = false;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    bytes = dense.getRawData();
    splat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    bytes = blob->getData();
  } else {
    return std::nullopt;
  }
  if (!isa<FloatType>(type) || type.getIntOrFloatBitWidth() < 16)
    return std::nullopt;
  int64_t stored = splat ? 1 : n;
  if (static_cast<int64_t>(bytes.size()) < stored * (type.getIntOrFloatBitWidth() / 8))
    return std::nullopt;
  std::vector<float> out;
  if (type.isF32())
    out = widen<float>(bytes, stored, [](float x) { return x; });
  else if (type.isF64())
    out = widen<double>(bytes, stored, [](double x) { return static_cast<float>(x); });
  else if (type.isF16())
    out = widen<uint16_t>(bytes, stored, halfToFloat);
  else if (type.isBF16())
    out = widen<uint16_t>(bytes, stored, [](uint16_t x) {
      return llvm::bit_cast<float>(static_cast<uint32_t>(x) << 16);
    });
  else
    return std::nullopt;
  if (splat)
    out.assign(n, out[0]);
  return out;
}

Value quant::makeConstant(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                          ArrayRef<float> values) {
  auto type = RankedTensorType::get(shape, b.getF32Type());
  ElementsAttr attr;
  if (values.size() <= 16) {
    attr = DenseElementsAttr::get(type, values);
  } else {
    ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()),
                         values.size() * sizeof(float));
    attr = DenseResourceElementsAttr::get(type, "scale",
                                          HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64));
  }
  return nn::ConstantOp::create(b, loc, type, attr);
}
