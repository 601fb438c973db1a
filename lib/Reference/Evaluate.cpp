// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interpreter: functions, structured control flow, and the life of values.
#include "lpc/Reference/Evaluate.h"

#include "EvalContext.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lpc::ref {

//===- one operation
//--------------------------------------------------------------------------------------===//

using Evaluator = std::optional<Outcome> (*)(Operation *, ArrayRef<Tensor>, const EvalContext &);

static Evaluator evaluatorFor(Operation *op) {
  return llvm::StringSwitch<Evaluator>(op->getName().getDialectNamespace())
      .Case("nn", evaluateNn)
      .Case("lp", evaluateLp)
      .Cases({"arith", "affine"}, evaluateArith)
      .Case("tensor", evaluateTensor)
      .Default(nullptr);
}

bool isEvaluable(Operation *op) { return evaluatorFor(op) != nullptr; }

/// A computed value must have the static sizes and the element type that its IR type states.
static std::optional<Error> checkType(Value value, const Tensor &t, const EvalContext &ctx) {
  auto describe = [&](const std::string &what) {
    std::string type;
    llvm::raw_string_ostream(type) << value.getType();
    return Error{what + " does not fit the type " + type};
  };
  std::optional<DType> declared = dtypeOf(getElementTypeOrSelf(value.getType()));
  if (!declared)
    return describe("the evaluator knows no such element type: a value");
  if (ctx.computeType(*declared) != t.dtype())
    return describe("a value of element type " + t.dtype().name());
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Shape none;
  ArrayRef<int64_t> shape = type ? type.getShape() : ArrayRef<int64_t>(none);
  bool same = static_cast<int64_t>(shape.size()) == t.rank();
  for (int64_t d = 0; same && d < t.rank(); ++d)
    same = ShapedType::isDynamic(shape[d]) || shape[d] == t.dim(d);
  if (!same)
    return describe("a value of shape " + shapeText(t.shape()));
  return std::nullopt;
}

static Outcome checkedOperation(Operation *op, ArrayRef<Tensor> operands, const EvalContext &ctx) {
  Evaluator evaluator = evaluatorFor(op);
  std::optional<Outcome> outcome = evaluator ? evaluator(op, operands, ctx) : std::nullopt;
  if (!outcome)
    return Error{"the evaluator does not know this operation"};
  if (!*outcome)
    return *outcome;
  for (auto [value, tensor] : llvm::zip_equal(op->getResults(), **outcome))
    if (std::optional<Error> error = checkType(value, tensor, ctx))
      return *error;
  return *outcome;
}

Result<Tensors> evaluateOperation(Operation *op, ArrayRef<Tensor> operands,
                                  const EvalOptions &options) {
  EvalContext ctx{options};
  return checkedOperation(op, operands, ctx);
}

//===- interpreter
//----------------------------------------------------------------------------------------===//

namespace {

/// For each operation of a block, the values of the block whose last use is there.
using LastUses = llvm::DenseMap<Operation *, SmallVector<Value, 2>>;

class Interpreter {
public:
  explicit Interpreter(const EvalOptions &options) : ctx{options} {}

  FailureOr<Tensors> call(func::FuncOp func, ArrayRef<Tensor> inputs);

private:
  /// Runs a block; the result is the operands of its terminator.
  FailureOr<Tensors> run(Block &block, ArrayRef<Tensor> args);
  FailureOr<Tensors> run(Operation *op);
  FailureOr<Tensors> runStructured(Operation *op, ArrayRef<Tensor> operands);
  FailureOr<Tensors> runFor(scf::ForOp op, ArrayRef<Tensor> operands);
  FailureOr<Tensors> runWhile(scf::WhileOp op, ArrayRef<Tensor> operands);
  const LastUses &lastUses(Block &block);
  void bind(Value v, const Tensor &t) { values[v] = t; }

  EvalContext ctx;
  llvm::DenseMap<Value, Tensor> values;
  llvm::DenseMap<Block *, std::unique_ptr<LastUses>> lastUsesOf;
  int depth = 0;
};

} // namespace

const LastUses &Interpreter::lastUses(Block &block) {
  std::unique_ptr<LastUses> &entry = lastUsesOf[&block];
  if (entry)
    return *entry;
  entry = std::make_unique<LastUses>();
  LastUses &uses = *entry;
  auto add = [&](Value v, Operation *where) {
    for (Operation *user : v.getUsers()) {
      Operation *here = block.findAncestorOpInBlock(*user);
      if (here && (!where || where->isBeforeInBlock(here)))
        where = here;
    }
    if (where)
      uses[where].push_back(v);
  };
  for (Value arg : block.getArguments())
    add(arg, nullptr);
  for (Operation &op : block)
    for (Value result : op.getResults())
      add(result, &op);
  return uses;
}

FailureOr<Tensors> Interpreter::run(Block &block, ArrayRef<Tensor> args) {
  for (auto [arg, t] : llvm::zip_equal(block.getArguments(), args))
    bind(arg, t);
  const LastUses &uses = lastUses(block);
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      Tensors out;
      for (Value v : op.getOperands())
        out.push_back(values[v]);
      if (auto it = uses.find(&op); it != uses.end())
        for (Value v : it->second)
          values.erase(v);
      return out;
    }
    FailureOr<Tensors> results = run(&op);
    if (failed(results))
      return failure();
    for (auto [value, t] : llvm::zip_equal(op.getResults(), *results))
      bind(value, t);
    if (ctx.options.onOperation)
      ctx.options.onOperation(&op, *results);
    if (auto it = uses.find(&op); it != uses.end())
      for (Value v : it->second)
        values.erase(v);
  }
  return Tensors();
}

FailureOr<Tensors> Interpreter::run(Operation *op) {
  Tensors operands;
  for (Value v : op->getOperands())
    operands.push_back(values[v]);
  if (!isEvaluable(op))
    return runStructured(op, operands);
  Outcome outcome = checkedOperation(op, operands, ctx);
  if (!outcome) {
    op->emitOpError(outcome.error());
    return failure();
  }
  return std::move(*outcome);
}

FailureOr<Tensors> Interpreter::runFor(scf::ForOp op, ArrayRef<Tensor> operands) {
  int64_t lower = operands[0].intAt(0), upper = operands[1].intAt(0), step = operands[2].intAt(0);
  if (step <= 0) {
    op->emitOpError("has step ") << step << ", but steps are positive";
    return failure();
  }
  Tensors carried(operands.begin() + 3, operands.end());
  for (int64_t i = lower; i < upper; i += step) {
    Tensors args{Tensor::scalar(i, operands[0].dtype())};
    args.append(carried);
    FailureOr<Tensors> next = run(*op.getBody(), args);
    if (failed(next))
      return failure();
    carried = std::move(*next);
  }
  return carried;
}

FailureOr<Tensors> Interpreter::runWhile(scf::WhileOp op, ArrayRef<Tensor> operands) {
  Tensors carried(operands.begin(), operands.end());
  while (true) {
    FailureOr<Tensors> before = run(*op.getBeforeBody(), carried);
    if (failed(before))
      return failure();
    bool more = before->front().intAt(0) != 0;
    Tensors passed(before->begin() + 1, before->end());
    if (!more)
      return passed;
    FailureOr<Tensors> after = run(*op.getAfterBody(), passed);
    if (failed(after))
      return failure();
    carried = std::move(*after);
  }
}

FailureOr<Tensors> Interpreter::runStructured(Operation *op, ArrayRef<Tensor> operands) {
  if (auto ifOp = dyn_cast<scf::IfOp>(op)) {
    Region &region = operands[0].intAt(0) ? ifOp.getThenRegion() : ifOp.getElseRegion();
    return region.empty() ? FailureOr<Tensors>(Tensors()) : run(region.front(), {});
  }
  if (auto forOp = dyn_cast<scf::ForOp>(op))
    return runFor(forOp, operands);
  if (auto whileOp = dyn_cast<scf::WhileOp>(op))
    return runWhile(whileOp, operands);
  if (auto execute = dyn_cast<scf::ExecuteRegionOp>(op);
      execute && execute.getRegion().hasOneBlock())
    return run(execute.getRegion().front(), {});
  if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
    if (operands[0].intAt(0))
      return Tensors();
    op->emitOpError("failed: ") << assertion.getMsg();
    return failure();
  }
  if (auto callOp = dyn_cast<func::CallOp>(op)) {
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, callOp.getCalleeAttr());
    if (!callee || callee.isExternal()) {
      op->emitOpError("calls @") << callOp.getCallee() << ", which has no body here";
      return failure();
    }
    if (depth > 1000) {
      op->emitOpError("recurses too deeply to be evaluated");
      return failure();
    }
    Interpreter inner(ctx.options);
    inner.depth = depth + 1;
    return inner.call(callee, operands);
  }
  op->emitOpError("the evaluator does not know this operation");
  return failure();
}

FailureOr<Tensors> Interpreter::call(func::FuncOp func, ArrayRef<Tensor> inputs) {
  if (func.isExternal() || !func.getBody().hasOneBlock()) {
    func.emitOpError("needs a body of one block to be evaluated");
    return failure();
  }
  if (inputs.size() != func.getNumArguments()) {
    func.emitOpError("takes ") << func.getNumArguments() << " inputs, but got " << inputs.size();
    return failure();
  }
  Tensors args;
  for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(func.getArguments(), inputs))) {
    auto [arg, given] = pair;
    Tensor t = ctx.computed(given);
    if (std::optional<Error> error = checkType(arg, t, ctx)) {
      func.emitOpError("input ") << i << ": " << error->message;
      return failure();
    }
    args.push_back(t);
  }
  return run(func.getBody().front(), args);
}

FailureOr<Tensors> evaluate(func::FuncOp func, ArrayRef<Tensor> inputs,
                            const EvalOptions &options) {
  return Interpreter(options).call(func, inputs);
}

FailureOr<Tensors> evaluate(ModuleOp module, ArrayRef<Tensor> inputs, const EvalOptions &options) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main) {
    auto functions = module.getOps<func::FuncOp>();
    if (!llvm::hasSingleElement(functions)) {
      module.emitError("there is no function @main to evaluate");
      return failure();
    }
    main = *functions.begin();
  }
  return evaluate(main, inputs, options);
}

} // namespace lpc::ref
