// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-axes: tries the axis classes of all functions of MLIR files.
//   lpc-axes a.mlir b.mlir ... [--random] [--break]
// For each family of transforms, every legal class that has constants gets a random transform, one
// class after the other; then the function must give the same results in f64 as before. --random
// gives all float constants random values first. --break leaves the last constant of each class as
// it was, so that the comparison has to fail. Prints a line for each family; exit code 1 if a
// result differs by more than 1e-10 of the largest one.
#include "lib/Equivalence/ExactConstants.h"
#include "lib/Equivalence/Rotation.h"

#include "dialects/Lp/IR/Lp.h"
#include "lpc/Reference/Evaluate.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/Format.h"

#include <numeric>
#include <random>

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

static std::mt19937_64 rng(1);
static bool isBroken = false;

static double normal() { return std::normal_distribution<>()(rng); }

/// Other values for every float constant: a splat hides mistakes.
static void randomize(func::FuncOp func) {
  func.walk([](nn::ConstantOp op) {
    auto type = cast<RankedTensorType>(op.getType());
    if (!isa<FloatType>(type.getElementType()) || type.getRank() == 0)
      return;
    std::vector<double> values(type.getNumElements());
    for (double &x : values)
      x = normal();
    Value wide = equiv::makeExact(op, op.getLoc(), type, values);
    op.getOutput().replaceAllUsesWith(wide);
  });
}

/// Unknown sizes are 3.
static ref::Tensor inputOf(Type type) {
  ref::Shape shape;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    for (int64_t d : tensor.getShape())
      shape.push_back(ShapedType::isDynamic(d) ? 3 : d);
  ref::DType dtype = *ref::dtypeOf(getElementTypeOrSelf(type));
  ref::Tensor t = ref::Tensor::make(dtype, shape);
  for (int64_t i = 0; i < t.numElements(); ++i) {
    if (dtype.kind == ref::Kind::F32)
      t.mutableAs<float>()[i] = static_cast<float>(normal());
    else if (dtype.size() == 8)
      t.mutableAs<int64_t>()[i] = static_cast<int64_t>(rng() % 12);
    else
      t.mutableBytes()[i] = 1;
  }
  return t;
}

/// Gives the class a random transform; the number of axes of constants that it changes.
static FailureOr<int64_t> transformClass(const AxisClass &c, Transform transform) {
  std::vector<double> scales(c.size);
  for (double &s : scales)
    s = std::exp2(std::uniform_real_distribution<>(-2, 2)(rng));
  std::vector<int64_t> order(c.size);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), rng);
  equiv::Rotation rotation = equiv::Rotation::random(c.size, rng());
  int64_t changed = 0;
  SmallVector<AxisMember> constants;
  llvm::copy_if(c.members, std::back_inserter(constants),
                [](const AxisMember &m) { return m.use != nullptr; });
  if (isBroken)
    constants.pop_back();
  for (const AxisMember &m : constants) {
    LogicalResult done = equiv::changeLanes(m, c.size, [&](MutableArrayRef<double> lane) {
      std::vector<double> old(lane.begin(), lane.end());
      if (transform == Transform::Orthogonal)
        return rotation.apply(lane.data());
      double mean = std::accumulate(old.begin(), old.end(), 0.0) / static_cast<double>(c.size);
      for (int64_t i = 0; i < c.size; ++i) {
        if (transform == Transform::Diagonal)
          lane[i] *= m.dual ? 1 / scales[i] : scales[i];
        else
          lane[i] = transform == Transform::Permutation ? old[order[i]] : old[i] - mean;
      }
    });
    if (failed(done))
      return failure();
    ++changed;
  }
  return changed;
}

static double differenceOf(const ref::Tensors &a, const ref::Tensors &b) {
  double difference = 0, largest = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    for (int64_t i = 0; i < x.numElements(); ++i) {
      largest = std::max(largest, std::abs(x.at(i)));
      difference = std::max(difference, std::abs(x.at(i) - y.at(i)));
      if (!std::isfinite(x.at(i)) || !std::isfinite(y.at(i)))
        return std::numeric_limits<double>::infinity();
    }
  return largest > 0 ? difference / largest : std::numeric_limits<double>::infinity();
}

struct Tally {
  int64_t classes = 0, axes = 0;
  double difference = 0;
};

static LogicalResult tryFunction(func::FuncOp func, Transform transform, Tally &tally) {
  ref::EvalOptions options;
  options.real64 = true;
  ref::Tensors inputs;
  for (Type type : func.getArgumentTypes())
    inputs.push_back(inputOf(type));
  FailureOr<ref::Tensors> before = ref::evaluate(func, inputs, options);
  if (failed(before))
    return failure();
  for (const AxisClass &c : findAxisClasses(func, transform, Parts::Known)) {
    if (!c.isLegal() || !c.hasConstant())
      continue;
    FailureOr<int64_t> changed = transformClass(c, transform);
    if (failed(changed))
      return failure();
    ++tally.classes;
    tally.axes += *changed;
  }
  FailureOr<ref::Tensors> after = ref::evaluate(func, inputs, options);
  if (failed(after))
    return failure();
  double difference = differenceOf(*before, *after);
  if (difference > 1e-10)
    func.emitError() << "changes under " << analysis::nameOf(transform) << " transforms by "
                     << difference;
  tally.difference = std::max(tally.difference, difference);
  return success();
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registry
      .insert<nn::NnDialect, lp::LpDialect, affine::AffineDialect, arith::ArithDialect,
              cf::ControlFlowDialect, func::FuncDialect, scf::SCFDialect, tensor::TensorDialect>();
  registerAxisRules(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  bool isRandom = false, isSame = true;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i)
    if (StringRef(argv[i]) == "--random")
      isRandom = true;
    else if (StringRef(argv[i]) == "--break")
      isBroken = true;
    else
      files.push_back(argv[i]);
  for (Transform transform :
       {Transform::Diagonal, Transform::Permutation, Transform::Orthogonal, Transform::Centering}) {
    Tally tally;
    for (const std::string &file : files) {
      OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, &context);
      if (!module)
        return 1;
      for (auto func : module->getOps<func::FuncOp>()) {
        if (isRandom)
          randomize(func);
        if (failed(tryFunction(func, transform, tally)))
          return 1;
      }
    }
    llvm::outs() << analysis::nameOf(transform) << ": " << tally.classes << " classes, "
                 << tally.axes << " axes of constants, largest relative difference "
                 << llvm::format("%.1e", tally.difference) << "\n";
    isSame &= tally.difference <= 1e-10;
  }
  return isSame ? 0 : 1;
}
