// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Asserts at run time what nn and lp operations demand of sizes that their types do not show.
#include "lpc/Support/TensorSize.h"
#include "lpc/Transforms/Passes.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_CHECKSHAPESPASS
#include "lpc/Transforms/Passes.h.inc"

namespace {
/// Checks of one operation, made in front of it.
class Checker {
public:
  explicit Checker(Operation *op) : op(op), b(op), loc(op->getLoc()) {}

  int64_t rank(Value v) const { return cast<RankedTensorType>(v.getType()).getRank(); }
  int64_t staticDim(Value v, int64_t axis) const {
    return cast<RankedTensorType>(v.getType()).getDimSize(axis);
  }
  Value dim(Value v, int64_t axis) {
    return getValueOrCreateConstantIndexOp(b, loc, nn::dimOf(b, loc, v, axis));
  }

  /// Equal sizes, unless both are static (then the verifier has compared them).
  void equal(Value x, int64_t xAxis, Value y, int64_t yAxis, const Twine &what) {
    if (!ShapedType::isDynamic(staticDim(x, xAxis)) && !ShapedType::isDynamic(staticDim(y, yAxis)))
      return;
    require(compare(arith::CmpIPredicate::eq, dim(x, xAxis), dim(y, yAxis)), what);
  }

  /// Dimensions aligned at the end, `trailing` of them left out, are equal or statically 1.
  void broadcast(ValueRange operands, int64_t trailing = 0) {
    int64_t most = 0;
    for (Value v : operands)
      most = std::max(most, rank(v) - trailing);
    for (int64_t fromEnd = 1; fromEnd <= most; ++fromEnd) {
      Value first;
      for (Value v : operands) {
        int64_t axis = rank(v) - trailing - fromEnd;
        if (axis < 0 || staticDim(v, axis) == 1)
          continue;
        if (first)
          equal(first, rank(first) - trailing - fromEnd, v, axis,
                "sizes of operands differ where they must agree");
        else
          first = v;
      }
    }
  }

  void atMost(Value size, int64_t limit, const Twine &what) {
    require(compare(arith::CmpIPredicate::sle, size, constant(limit)), what);
  }

  /// The head of a constant table, as long as a size of this run.
  void constantSlice(nn::SliceOp slice) {
    if (!slice.getInput().getDefiningOp<nn::ConstantOp>() || !slice.getOffsets().empty() ||
        !slice.getStrides().empty())
      return;
    unsigned next = 0;
    for (auto [i, size] : llvm::enumerate(slice.getStaticSizes())) {
      if (!ShapedType::isDynamic(size))
        continue;
      Value count = slice.getSizes()[next++];
      if (slice.getStaticStrides()[i] == 1)
        atMost(count, staticDim(slice.getInput(), i) - slice.getStaticOffsets()[i],
               "a size exceeds the bound of the tables that were made for it");
    }
  }

  void reshape(nn::ReshapeOp reshape) {
    auto from = cast<RankedTensorType>(reshape.getInput().getType());
    auto to = cast<RankedTensorType>(reshape.getType());
    if (from.hasStaticShape() && to.hasStaticShape())
      return;
    for (Value size : reshape.getSizes())
      notNegative(size, "a size of the new shape is negative");
    Value before = constant(1), after = constant(1);
    for (int64_t i = 0; i < from.getRank(); ++i)
      before = arith::MulIOp::create(b, loc, before, dim(reshape.getInput(), i));
    unsigned next = 0;
    for (int64_t size : to.getShape())
      after = arith::MulIOp::create(
          b, loc, after, ShapedType::isDynamic(size) ? reshape.getSizes()[next++] : constant(size));
    require(compare(arith::CmpIPredicate::eq, before, after),
            "the new shape has another number of elements");
  }

  /// Each size of the operand is 1 or that of the result.
  void stretch(nn::BroadcastOp o) {
    for (Value size : o.getSizes())
      notNegative(size, "a size of the new shape is negative");
    auto to = cast<RankedTensorType>(o.getType());
    unsigned next = 0;
    for (int64_t axis = 0; axis < to.getRank(); ++axis) {
      Value size = to.isDynamicDim(axis) ? o.getSizes()[next++] : constant(to.getDimSize(axis));
      int64_t own = axis - (to.getRank() - rank(o.getInput()));
      if (own < 0 || staticDim(o.getInput(), own) == 1 ||
          (!to.isDynamicDim(axis) && !ShapedType::isDynamic(staticDim(o.getInput(), own))))
        continue;
      Value d = dim(o.getInput(), own);
      Value fits = b.createOrFold<arith::OrIOp>(loc, compare(arith::CmpIPredicate::eq, d, size),
                                                compare(arith::CmpIPredicate::eq, d, constant(1)));
      require(fits, "sizes of operands differ where they must agree");
    }
  }

  /// Index arithmetic on sizes that the model computes must not divide by zero.
  void divisor(Value d) {
    if (d.getType().isIndex() && !matchPattern(d, m_Constant()))
      require(compare(arith::CmpIPredicate::ne, d, constant(0)),
              "a step or divisor that is computed at run time is 0");
  }

  void notNegative(Value size, const Twine &what) {
    if (size.getDefiningOp<tensor::DimOp>())
      return; // A size of a tensor.
    require(compare(arith::CmpIPredicate::sge, size, constant(0)), what);
  }

  /// The window fits into the padded input along each spatial dimension of unknown size.
  void window(Value input, ArrayRef<int64_t> kernel, ArrayRef<int64_t> pads,
              ArrayRef<int64_t> dilations) {
    for (size_t i = 0, n = dilations.size(); i < n; ++i) {
      if (!ShapedType::isDynamic(staticDim(input, i + 2)) || ShapedType::isDynamic(kernel[i]))
        continue;
      int64_t least = dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[n + i];
      if (least > 0)
        require(compare(arith::CmpIPredicate::sge, dim(input, i + 2), constant(least)),
                "the window is larger than its input");
    }
  }

private:
  Value constant(int64_t x) { return arith::ConstantIndexOp::create(b, loc, x); }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(loc, predicate, x, y);
  }
  void require(Value condition, const Twine &what) {
    std::string name;
    loc->walk([&](Location l) {
      auto named = dyn_cast<NameLoc>(l);
      if (named)
        name = named.getName().str();
      return named ? WalkResult::interrupt() : WalkResult::advance();
    });
    std::string place = name.empty() ? op->getName().getStringRef().str() : "node '" + name + "'";
    cf::AssertOp::create(b, loc, condition, place + ": " + what.str());
  }

  Operation *op;
  OpBuilder b;
  Location loc;
};

void check(Operation *op) {
  Checker c(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case<nn::BinaryOp, nn::CompareOp, nn::SelectOp>(
          [&](Operation *o) { c.broadcast(o->getOperands()); })
      .Case([&](nn::MatMulOp o) {
        int64_t r = c.rank(o.getRhs());
        c.equal(o.getLhs(), c.rank(o.getLhs()) - 1, o.getRhs(), r - (o.getTransposeRhs() ? 1 : 2),
                "the contracted sizes of the operands differ");
        c.broadcast(o->getOperands(), 2);
      })
      .Case([&](lp::MatMulOp o) {
        c.equal(o.getLhs(), c.rank(o.getLhs()) - 1, o.getRhs(), c.rank(o.getRhs()) - 2,
                "the contracted sizes of the operands differ");
        c.broadcast({o.getLhs(), o.getRhs()}, 2);
      })
      .Case([&](nn::ConcatOp o) {
        for (Value v : o.getInputs().drop_front())
          for (int64_t axis = 0; axis < c.rank(v); ++axis)
            if (axis != static_cast<int64_t>(o.getAxis()))
              c.equal(o.getInputs()[0], axis, v, axis, "sizes of concatenated operands differ");
      })
      .Case([&](lp::IntSoftmaxOp o) {
        auto axis = static_cast<int64_t>(o.getAxis());
        if (o.getMaxTerms() && ShapedType::isDynamic(c.staticDim(o.getInput(), axis)))
          c.atMost(c.dim(o.getInput(), axis), static_cast<int64_t>(*o.getMaxTerms()),
                   "a softmax has more elements than the bound that was given");
      })
      .Case([&](nn::SliceOp o) { c.constantSlice(o); })
      .Case([&](nn::ReshapeOp o) { c.reshape(o); })
      .Case([&](nn::BroadcastOp o) { c.stretch(o); })
      .Case([&](nn::IotaOp o) {
        for (Value size : o.getSizes())
          c.notNegative(size, "a size of the result is negative");
      })
      .Case([&](nn::ConvOp o) {
        auto filter = cast<RankedTensorType>(o.getFilter().getType()).getShape();
        c.window(o.getInput(), filter.drop_front(2), o.getPads(), o.getDilations());
      })
      .Case([&](lp::ConvOp o) {
        auto filter = cast<RankedTensorType>(o.getFilter().getType()).getShape();
        c.window(o.getInput(), filter.drop_front(2), o.getPads(), o.getDilations());
      })
      .Case<arith::DivSIOp, arith::CeilDivSIOp, arith::FloorDivSIOp, arith::RemSIOp>(
          [&](Operation *o) { c.divisor(o->getOperand(1)); })
      .Case([&](nn::PoolOp o) {
        c.window(o.getInput(), o.getKernel(), o.getPads(), o.getDilations());
      });
}

struct CheckShapes final : impl::CheckShapesPassBase<CheckShapes> {
  using CheckShapesPassBase::CheckShapesPassBase;

  void runOnOperation() override {
    bool fits = true;
    auto checkSize = [&](Location loc, Type type) {
      if (std::optional<std::string> reason = describeIfTooLarge(type)) {
        emitError(loc) << *reason;
        fits = false;
      }
    };
    getOperation().walk([&](Block *block) {
      for (BlockArgument argument : block->getArguments())
        checkSize(argument.getLoc(), argument.getType());
      for (Operation &op : *block)
        for (Type type : op.getResultTypes())
          checkSize(op.getLoc(), type);
    });
    if (!fits)
      return signalPassFailure();
    getOperation().walk(check);
  }
};
} // namespace
} // namespace lpc
