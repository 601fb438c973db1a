// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of one conversion: values, shape values, refusals.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_CONVERTERIMPL_H
#define LPC_LIB_CONVERSION_ONNXTONN_CONVERTERIMPL_H

#include "lib/Conversion/ONNXToNn/Converter.h"

#include "lpc/Conversion/ONNXToNn/ConvertONNXToNn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lpc::onnx_to_nn {

class Converter {
public:
  Converter(mlir::func::FuncOp main, llvm::SmallVectorImpl<Refusal> &refusals);

  /// Converts the ops of `from` but for its terminator, at the insertion point of `b`. Fails if a
  /// node was refused or depends on a refused one; the others are converted all the same.
  mlir::LogicalResult convertBlock(mlir::Block &from, mlir::OpBuilder &b);

  /// The converted value, or null if its node was refused.
  mlir::Value lookup(mlir::Value v) const { return values.lookup(v); }
  void map(mlir::Value from, mlir::Value to) { values[from] = to; }

  /// Elements are followed in tensors of at most this many.
  static constexpr int64_t kMaxKnown = 256;
  std::optional<std::vector<Poly>> known(mlir::Value v);
  void setKnown(mlir::Value v, std::vector<Poly> elements) { elementsOf[v] = std::move(elements); }
  Poly dim(mlir::OpBuilder &b, mlir::Value v, int64_t axis);
  /// States sizes of a value that its type does not know.
  void assumeDims(mlir::Value v, llvm::ArrayRef<Poly> sizes) {
    for (auto [axis, size] : llvm::enumerate(sizes))
      dims[{v, static_cast<int64_t>(axis)}] = size;
  }

  void refuse(onnx::NodeOp node, Refusal::Kind kind, const llvm::Twine &reason);
  void refuseValue(llvm::StringRef what, llvm::StringRef name, mlir::Location loc,
                   const llvm::Twine &reason, Refusal::Kind kind = Refusal::Kind::Unsupported);

  /// Takes an op out of the program. It lives on until the end, since tables may still mention its
  /// values.
  void discard(mlir::Operation *op) {
    op->remove();
    discarded.push_back(op);
  }
  ~Converter() {
    for (mlir::Operation *op : discarded)
      op->dropAllReferences();
    for (mlir::Operation *op : discarded)
      op->destroy();
  }

  mlir::func::FuncOp main;
  Registry registry;
  SymbolicIndex symbols;
  /// What the handler in progress reported.
  std::string pendingReason;
  Refusal::Kind pendingKind = Refusal::Kind::Malformed;

private:
  mlir::LogicalResult convertNode(onnx::NodeOp node, mlir::OpBuilder &b);
  std::string describeUnknown(onnx::NodeOp node);
  Poly computeDim(mlir::OpBuilder &b, mlir::Value v, int64_t axis);
  /// The meaning of a reified index value, whose operations become dead.
  std::optional<Poly> evaluate(mlir::OpBuilder &b, mlir::Value v);
  std::optional<Poly> evaluate(mlir::AffineExpr e, llvm::ArrayRef<Poly> dims,
                               llvm::ArrayRef<Poly> symbols);
  Poly sizeAtom(mlir::OpBuilder &b, mlir::Value v, int64_t axis);

  llvm::SmallVectorImpl<Refusal> &refusals;
  /// A refusal is on its way out; handlers around it must not take it for their own.
  bool reporting = false;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  llvm::SmallVector<mlir::Operation *> discarded;
  llvm::DenseMap<mlir::Value, std::vector<Poly>> elementsOf;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, Poly> dims;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, llvm::StringRef> argumentDimNames;
  /// The last `tensor.dim` of an argument; the next one goes behind it.
  mlir::Operation *sizeOfArgument = nullptr;
  /// The first argument dimension of each name.
  llvm::StringMap<std::pair<mlir::Value, int64_t>> namedDims;
};

/// The integers of a small constant, row-major; also of resource blobs. Unsigned types are
/// zero-extended.
std::optional<llvm::SmallVector<int64_t>> readIntegers(mlir::ElementsAttr value, int64_t limit);
/// A constant as `dense` elements if it is small, so that its elements can be iterated whatever its
/// storage.
mlir::ElementsAttr toDense(mlir::ElementsAttr value, int64_t limit);

void populateAll(Registry &registry);

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_CONVERTERIMPL_H
