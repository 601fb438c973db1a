// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants of the IR as tensors, and back.
#include "lpc/Reference/Evaluate.h"

#include "dialects/Lp/IR/Lp.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace lpc::ref {

std::optional<DType> dtypeOf(Type t) {
  if (auto i = dyn_cast<IntegerType>(t)) {
    if (i.getWidth() == 1)
      return DType::boolean();
    if (i.getWidth() > 64)
      return std::nullopt;
    return i.isUnsigned() ? DType::u(i.getWidth()) : DType::i(i.getWidth());
  }
  if (t.isIndex())
    return DType::i(64);
  if (t.isF16())
    return DType::f16();
  if (t.isBF16())
    return DType::bf16();
  if (t.isF32())
    return DType::f32();
  if (t.isF64())
    return DType::f64();
  if (auto format = dyn_cast<lp::FormatType>(t))
    return DType::code(format.getFormat());
  if (const num::Format *format = lp::formatOfBuiltin(t); format && format->width() <= 8)
    return DType::smallFloat(format);
  return std::nullopt;
}

static Result<Tensor> ofResource(DenseResourceElementsAttr value, DType dtype, Shape shape) {
  AsmResourceBlob *blob = value.getRawHandle().getBlob();
  std::string key = value.getRawHandle().getKey().str();
  if (!blob)
    return Error{"the resource '" + key + "' has no data"};
  ArrayRef<char> data = blob->getData();
  int64_t count = countElements(shape);
  auto need = dtype.isCode() ? lp::packedBytes(count, dtype.bits)
                             : count * static_cast<int64_t>(dtype.size());
  if (static_cast<int64_t>(data.size()) < need)
    return Error{"the resource '" + key + "' has " + std::to_string(data.size()) +
                 " bytes, but its type needs " + std::to_string(need)};
  if (!dtype.isCode())
    return Tensor::view(dtype, std::move(shape), data.data());
  std::optional<std::vector<uint16_t>> codes = lp::readCodes(value);
  if (!codes)
    return Error{"the codes of the resource '" + key + "' cannot be read"};
  return Tensor::of<uint16_t>(dtype, std::move(shape), *codes);
}

static Tensor ofDense(DenseElementsAttr value, DType dtype, const Shape &shape) {
  Type element = value.getElementType();
  // Whole bytes are stored as such; a splat is stored once.
  bool inPlace = dtype.bits >= 8 && !value.isSplat();
  if (inPlace)
    return Tensor::view(dtype, shape, value.getRawData().data());
  Tensor out = Tensor::make(dtype, value.isSplat() ? Shape{} : shape);
  auto put = [&](int64_t i, const APInt &bits) {
    uint64_t raw = bits.getZExtValue();
    std::memcpy(out.mutableBytes() + i * dtype.size(), &raw, dtype.size());
  };
  int64_t i = 0;
  bool isInt = element.isIntOrIndex();
  if (value.isSplat()) {
    put(0, isInt ? value.getSplatValue<APInt>() : value.getSplatValue<APFloat>().bitcastToAPInt());
    Tensor full = Tensor::make(dtype, shape);
    for (int64_t n = full.numElements(); i < n; ++i)
      std::memcpy(full.mutableBytes() + i * dtype.size(), out.bytes(), dtype.size());
    return full;
  }
  if (isInt)
    for (const APInt &x : value.getValues<APInt>())
      put(i++, x);
  else
    for (const APFloat &x : value.getValues<APFloat>())
      put(i++, x.bitcastToAPInt());
  return out;
}

Result<Tensor> tensorOf(ElementsAttr value) {
  std::optional<DType> dtype = dtypeOf(value.getElementType());
  if (!dtype)
    return Error{"the evaluator does not know the element type of a constant"};
  Shape shape(value.getShapedType().getShape().begin(), value.getShapedType().getShape().end());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return ofResource(resource, *dtype, std::move(shape));
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return ofDense(dense, *dtype, shape);
  return Error{"the evaluator knows dense and dense_resource constants only"};
}

/// A dense attribute, for small tensors and for splats.
static DenseElementsAttr denseOf(const Tensor &t, RankedTensorType type, int64_t count) {
  auto bitsAt = [&](int64_t i) {
    uint64_t raw = 0;
    std::memcpy(&raw, t.bytes() + i * t.dtype().size(), t.dtype().size());
    return raw;
  };
  Type element = type.getElementType();
  if (auto f = dyn_cast<FloatType>(element)) {
    SmallVector<APFloat> values;
    for (int64_t i = 0; i < count; ++i)
      values.emplace_back(f.getFloatSemantics(), APInt(f.getWidth(), bitsAt(i), false, true));
    return DenseElementsAttr::get(type, values);
  }
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  SmallVector<APInt> values;
  for (int64_t i = 0; i < count; ++i)
    values.emplace_back(width, bitsAt(i), false, true);
  return DenseElementsAttr::get(type, values);
}

static bool isSplat(const Tensor &t) {
  size_t width = t.dtype().size();
  // Every element equals its neighbour: one comparison of the storage with itself, shifted.
  return t.numElements() > 1 &&
         std::memcmp(t.bytes(), t.bytes() + width, t.numBytes() - width) == 0;
}

ElementsAttr elementsOf(const Tensor &t, RankedTensorType type, StringRef name) {
  if (t.dtype().isCode()) {
    ArrayRef<uint16_t> codes(t.as<uint16_t>(), t.numElements());
    return lp::makeCodes(type, codes, name);
  }
  if (isSplat(t))
    return denseOf(t, type, 1);
  // An index has no fixed width in a blob.
  if (t.numBytes() <= 64 || type.getElementType().isIndex())
    return denseOf(t, type, t.numElements());
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(
      ArrayRef<char>(reinterpret_cast<const char *>(t.bytes()), t.numBytes()), 64);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

} // namespace lpc::ref
