// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a handler of one ONNX operator sees: the node's attributes, its converted inputs, and shape
// values.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_CONVERTER_H
#define LPC_LIB_CONVERSION_ONNXTONN_CONVERTER_H

#include "dialects/Nn/IR/Nn.h"
#include "dialects/ONNX/IR/ONNXOps.h"

#include "lib/Conversion/ONNXToNn/SymbolicIndex.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"

namespace lpc::onnx_to_nn {

class Converter;

/// Conversion of one node. A handler reads inputs and attributes, builds nn (or lp, tensor, arith,
/// scf) ops with `b`, and sets every used result. On refusal it returns `unsupported(...)`,
/// `malformed(...)`, whose sentence the pass reports.
///
/// Nodes are converted in topological order, so the types of inputs are final: all shape inference
/// is the nn ops'.
class NodeContext {
public:
  NodeContext(Converter &converter, onnx::NodeOp node, mlir::OpBuilder &b);

  mlir::OpBuilder &b;
  mlir::Location loc;
  onnx::NodeOp node;

  llvm::StringRef opType();
  llvm::StringRef domain();
  /// Version of the operator set of the node's domain, as the model imports it.
  int64_t opset();

  // Inputs and results
  // -------------------------------------------------------------------------------------
  unsigned numInputs();
  /// True if input i is given (ONNX lets inputs be absent).
  bool hasInput(unsigned i);
  /// The converted input; ranked tensor. Must be given.
  mlir::Value input(unsigned i);
  mlir::RankedTensorType inputType(unsigned i);
  unsigned numOutputs();
  /// Whether anything reads result i.
  bool outputUsed(unsigned i);
  void setOutput(unsigned i, mlir::Value v);

  // Attributes
  // ---------------------------------------------------------------------------------------------
  bool hasAttr(llvm::StringRef name);
  int64_t intAttr(llvm::StringRef name, int64_t otherwise);
  double floatAttr(llvm::StringRef name, double otherwise);
  std::string stringAttr(llvm::StringRef name, llvm::StringRef otherwise);
  llvm::SmallVector<int64_t> intsAttr(llvm::StringRef name, llvm::ArrayRef<int64_t> otherwise = {});
  std::optional<llvm::SmallVector<double>> floatsAttr(llvm::StringRef name);
  /// Null if absent.
  mlir::ElementsAttr tensorAttr(llvm::StringRef name);
  /// Fails (malformed or unsupported) if the node has an attribute that is not in `known`: opset
  /// numbers are no contract.
  mlir::LogicalResult onlyAttrs(llvm::ArrayRef<llvm::StringRef> known);

  // Shape values
  // -------------------------------------------------------------------------------------------
  // Small integer tensors of rank 0 or 1 that describe shapes are followed element by element, so
  // that the shape subgraphs of exporters fold to constants and `tensor.dim`.
  /// The elements of an integer tensor (static, rank 0 or 1, at most 256 elements) as index values.
  /// Always succeeds for such a tensor: what is not known is read with tensor.extract.
  std::optional<llvm::SmallVector<mlir::OpFoldResult>> elements(mlir::Value v);
  /// The elements if all are constants.
  std::optional<llvm::SmallVector<int64_t>> constants(mlir::Value v);
  /// A constant tensor's value (any type, any rank), or null.
  mlir::ElementsAttr constantValue(mlir::Value v);
  /// An integer tensor of these elements whose `elements` are known again. `rank0`: a scalar (one
  /// element).
  mlir::Value fromElements(llvm::ArrayRef<mlir::OpFoldResult> values, mlir::Type elementType,
                           bool rank0 = false);
  /// Size of dimension `axis`. Equal names of argument dimensions give the same value.
  mlir::OpFoldResult dim(mlir::Value v, int64_t axis);
  llvm::SmallVector<mlir::OpFoldResult> dims(mlir::Value v);
  /// Index arithmetic, folded where possible.
  mlir::OpFoldResult add(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult sub(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult mul(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult divTrunc(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult min(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::OpFoldResult max(mlir::OpFoldResult x, mlir::OpFoldResult y);
  mlir::Value index(mlir::OpFoldResult x);
  std::optional<int64_t> constantIndex(mlir::OpFoldResult x);

  // The same on normal forms (SymbolicIndex.h), for tensors of any rank in row-major order.
  SymbolicIndex &symbols();
  /// The elements of a small integer tensor if they are followed or constant; never reads with
  /// tensor.extract.
  std::optional<std::vector<Poly>> known(mlir::Value v);
  mlir::Value fromKnown(llvm::ArrayRef<Poly> values, llvm::ArrayRef<int64_t> shape,
                        mlir::Type elementType);
  Poly dimPoly(mlir::Value v, int64_t axis);
  std::vector<Poly> dimPolys(mlir::Value v);
  mlir::OpFoldResult fold(const Poly &p);
  llvm::SmallVector<mlir::OpFoldResult> fold(llvm::ArrayRef<Poly> ps);

  // Common constructions
  // -----------------------------------------------------------------------------------
  /// Builds an op of inferred type. Where inference or the verifier refuses, records a malformed
  /// error (which the node ends with, whatever its handler returns) and gives null.
  template <typename OpT, typename... Args> mlir::Value make(Args &&...args) {
    mlir::OperationState state(loc, OpT::getOperationName());
    OpT::build(b, state, mlir::Type(b.getNoneType()), std::forward<Args>(args)...);
    return finish(state, &OpT::inferReturnTypes);
  }
  /// A rank-0 or splat constant of the element type of a float or integer tensor.
  mlir::Value scalar(double value, mlir::Type elementType);
  mlir::Value constant(llvm::ArrayRef<int64_t> values, mlir::Type elementType);
  mlir::Value reshape(mlir::Value v, llvm::ArrayRef<mlir::OpFoldResult> shape);
  mlir::Value broadcastTo(mlir::Value v, llvm::ArrayRef<mlir::OpFoldResult> shape);
  mlir::Value transpose(mlir::Value v, llvm::ArrayRef<int64_t> permutation);
  mlir::Value cast(mlir::Value v, mlir::Type elementType);
  mlir::Value unary(nn::UnaryKind kind, mlir::Value x);
  /// Elementwise ops bring operands to a common shape first: where two unknown sizes meet that are
  /// not known to be equal, both operands are broadcast to their run-time maximum.
  mlir::Value binary(nn::BinaryKind kind, mlir::Value x, mlir::Value y);
  mlir::Value compare(nn::CompareKind kind, mlir::Value x, mlir::Value y);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value reduce(nn::ReduceKind kind, mlir::Value x, llvm::ArrayRef<int64_t> axes,
                     bool keepDims);
  /// Aligns operands for broadcasting (see binary).
  void alignForBroadcast(llvm::MutableArrayRef<mlir::Value> operands);
  /// `axis` in [-rank, rank) made non-negative; fails with a malformed error otherwise.
  mlir::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank);

  // Refusals
  // -----------------------------------------------------------------------------------------------
  /// Legal ONNX that lpc does not do: the reason, and what to do instead.
  mlir::LogicalResult unsupported(const llvm::Twine &reason);
  /// The node breaks a rule of its operator.
  mlir::LogicalResult malformed(const llvm::Twine &reason);

  /// The conversion as a whole, for handlers of nodes with subgraphs.
  Converter &state() { return converter; }

private:
  using InferTypes = llvm::LogicalResult (*)(mlir::MLIRContext *, std::optional<mlir::Location>,
                                             mlir::ValueRange, mlir::DictionaryAttr,
                                             mlir::OpaqueProperties, mlir::RegionRange,
                                             llvm::SmallVectorImpl<mlir::Type> &);
  mlir::Value finish(mlir::OperationState &state, InferTypes infer);
  /// Records the first malformed error; for constructions that give a value and not success.
  void fail(const llvm::Twine &reason);
  /// The fold of an elementwise op where the elements of all operands are known; null otherwise.
  mlir::Value foldElementwise(llvm::ArrayRef<mlir::Value> operands, mlir::Type elementType,
                              llvm::function_ref<std::optional<Poly>(llvm::ArrayRef<Poly>)> f);

  Converter &converter;
};

using Handler = mlir::LogicalResult (*)(NodeContext &);

/// Handlers by "domain" and operator; old and new forms of an operator share one handler, which
/// looks at `opset()` and at what is present.
class Registry {
public:
  void add(llvm::StringRef op, Handler handler) { add("", op, handler); }
  void add(llvm::StringRef domain, llvm::StringRef op, Handler handler) {
    handlers[(domain + ":" + op).str()] = handler;
  }
  Handler find(llvm::StringRef domain, llvm::StringRef op) const {
    return handlers.lookup((domain + ":" + op).str());
  }
  llvm::SmallVector<llvm::StringRef> names() const {
    llvm::SmallVector<llvm::StringRef> result;
    for (auto &entry : handlers)
      result.push_back(entry.getKey());
    return result;
  }

private:
  llvm::StringMap<Handler> handlers;
};

/// A type as text in quotes, for messages.
std::string printed(mlir::Type type);

// One function per family, each in the file of its name.
void populateElementwise(Registry &);   // Elementwise.cpp: arithmetic, logic, comparison, casts
void populateActivation(Registry &);    // Activation.cpp
void populateReduction(Registry &);     // Reduction.cpp: Reduce*, ArgMax, CumSum, TopK
void populateNormalization(Registry &); // Normalization.cpp
void populateQuantization(Registry &);  // Quantization.cpp: QuantizeLinear ... ConvInteger
void populateShape(Registry &);         // Shape.cpp: Shape, Reshape, Expand, Range, ...
void populateDataMovement(Registry &);  // DataMovement.cpp: Concat, Slice, Gather, Pad, ...
void populateGatherScatter(Registry &); // GatherScatter.cpp, called by populateDataMovement
void populateEinsum(Registry &);        // Einsum.cpp, called by populateLinear
void populateResize(Registry &);        // Resize.cpp, called by populatePooling
void populateLoops(Registry &);         // Loops.cpp, called by populateControlFlow
void populateLinear(Registry &);        // Linear.cpp: MatMul, Gemm, Conv, ConvTranspose, Einsum
void populatePooling(Registry &);       // Pooling.cpp: pools, Resize
void populateAttention(Registry &);     // Attention.cpp: Attention, RotaryEmbedding, TensorScatter
void populateControlFlow(Registry &);   // ControlFlow.cpp: If, Loop, Scan, Identity, Constant

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_CONVERTER_H
