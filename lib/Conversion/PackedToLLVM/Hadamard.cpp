// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// packed.hadamard on buffers => loops over vectors, row by row, two stages for each pass over a
// row.
//
// Pairs closer than a vector are in one register: a shuffle and a change of signs make a stage of
// them. -b + a has the bits of a - b.
#include "Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::packed;

namespace {

constexpr int64_t kLanes = 8;

/// The code of one operation.
struct Rows {
  ImplicitLocOpBuilder b;
  HadamardOp op;
  Value rows, row; ///< [outer, length]; index of the row
  Type element;
  int64_t known; ///< length of a row, if known
  int64_t unit;  ///< elements between neighbours of the first stage, if known
  Value length, unitValue;
  double scale;

  Value index(int64_t i) { return arith::ConstantIndexOp::create(b, i); }
  VectorType vectorType() { return VectorType::get({kLanes}, element); }

  Value load(Value at, bool isVector) {
    if (isVector)
      return vector::LoadOp::create(b, vectorType(), rows, ValueRange{row, at});
    return memref::LoadOp::create(b, rows, ValueRange{row, at});
  }
  void store(Value v, Value at) {
    if (isa<VectorType>(v.getType()))
      vector::StoreOp::create(b, v, rows, ValueRange{row, at});
    else
      memref::StoreOp::create(b, v, rows, ValueRange{row, at});
  }
  Value scaled(Value v) {
    if (scale == 1)
      return v;
    TypedAttr one = b.getFloatAttr(element, scale);
    if (auto type = dyn_cast<VectorType>(v.getType()))
      one = DenseElementsAttr::get(type, Attribute(one));
    return arith::MulFOp::create(b, v, arith::ConstantOp::create(b, one));
  }
  void loop(Value from, Value to, Value step, function_ref<void(Value)> body) {
    auto forOp = scf::ForOp::create(b, from, to, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    body(forOp.getInductionVar());
  }

  /// One or two stages (`count`) at this distance, for the elements at i of all parts of a block.
  void butterfly(Value base, Value i, Value distance, int64_t count, bool isVector, bool isLast) {
    SmallVector<Value> at, v;
    Value next = arith::AddIOp::create(b, base, i);
    for (int64_t part = 0; part < (1 << count); ++part) {
      at.push_back(next);
      v.push_back(load(next, isVector));
      next = arith::AddIOp::create(b, next, distance);
    }
    for (int64_t s = 0; s < count; ++s)
      for (int64_t part = 0; part < (1 << count); ++part) {
        if (part >> s & 1)
          continue;
        Value x = v[part], y = v[part | 1 << s];
        v[part] = arith::AddFOp::create(b, x, y);
        v[part | 1 << s] = arith::SubFOp::create(b, x, y);
      }
    for (auto [value, place] : llvm::zip_equal(v, at))
      store(isLast ? scaled(value) : value, place);
  }

  /// Stages whose distance is `factor * unit`.
  void far(int64_t factor, int64_t count, bool isLast) {
    Value distance = arith::MulIOp::create(b, unitValue, index(factor));
    Value block = arith::MulIOp::create(b, distance, index(int64_t(1) << count));
    bool isKnown = !ShapedType::isDynamic(unit);
    int64_t whole = isKnown ? unit * factor / kLanes * kLanes : 0;
    Value vectors = index(whole);
    if (!isKnown)
      vectors = arith::MulIOp::create(b, arith::DivUIOp::create(b, distance, index(kLanes)),
                                      index(kLanes));
    if (isKnown)
      distance = index(unit * factor);
    if (isKnown)
      block = index((unit * factor) << count);
    loop(index(0), length, block, [&](Value base) {
      if (!isKnown || whole > 0)
        loop(index(0), vectors, index(kLanes),
             [&](Value i) { butterfly(base, i, distance, count, true, isLast); });
      if (!isKnown || whole != unit * factor)
        loop(vectors, distance, index(1),
             [&](Value i) { butterfly(base, i, distance, count, false, isLast); });
    });
  }

  /// Stages with distances 1, 2, 4 within a register.
  void near(int64_t first, int64_t count, bool isLast) {
    loop(index(0), length, index(kLanes), [&](Value at) {
      Value v = load(at, true);
      for (int64_t s = 0; s < count; ++s) {
        int64_t distance = first << s;
        SmallVector<int64_t> partner;
        SmallVector<Attribute> signs;
        for (int64_t i = 0; i < kLanes; ++i) {
          partner.push_back(i ^ distance);
          signs.push_back(b.getFloatAttr(element, i & distance ? -1.0 : 1.0));
        }
        Value sign = arith::ConstantOp::create(b, DenseElementsAttr::get(vectorType(), signs));
        Value other = vector::ShuffleOp::create(b, v, v, partner);
        v = arith::AddFOp::create(b, other, arith::MulFOp::create(b, v, sign));
      }
      store(isLast ? scaled(v) : v, at);
    });
  }

  void emit() {
    int64_t stages = op.getStages(), done = 0;
    bool isKnown = !ShapedType::isDynamic(unit) && !ShapedType::isDynamic(known);
    if (isKnown && llvm::isPowerOf2_64(unit) && unit < kLanes && known % kLanes == 0) {
      done = std::min<int64_t>(llvm::Log2_64(kLanes / unit), stages);
      near(unit, done, done == stages);
    }
    while (done < stages) {
      int64_t count = std::min<int64_t>(stages - done, 2);
      far(int64_t(1) << done, count, done + count == stages);
      done += count;
    }
  }
};

void lower(HadamardOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto type = cast<MemRefType>(op.getInit().getType());
  SmallVector<ReassociationIndices> groups = {{0}, {1, 2}};
  Value rows = memref::CollapseShapeOp::create(b, op.getInit(), groups);
  auto flat = cast<MemRefType>(rows.getType());
  int64_t after = type.getDimSize(2), unit = after;
  if (!ShapedType::isDynamic(after))
    unit *= op.getDistance();
  Value length = memref::DimOp::create(b, rows, 1);
  Value unitValue = arith::MulIOp::create(b, memref::DimOp::create(b, op.getInit(), 2),
                                          arith::ConstantIndexOp::create(b, op.getDistance()));
  if (!flat.isDynamicDim(1))
    length = arith::ConstantIndexOp::create(b, flat.getDimSize(1));
  Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
  auto loop = scf::ParallelOp::create(
      b, ValueRange{zero}, ValueRange{memref::DimOp::create(b, rows, 0)}, ValueRange{one});
  int64_t n = ShapedType::isDynamic(flat.getDimSize(1)) ? type.getDimSize(1) : flat.getDimSize(1);
  loop->setAttr("lpc.cost", b.getI64IntegerAttr(op.getStages() * n / kLanes));
  b.setInsertionPointToStart(loop.getBody());
  Rows code{b,
            op,
            rows,
            loop.getInductionVars()[0],
            type.getElementType(),
            flat.getDimSize(1),
            unit,
            length,
            unitValue,
            op.getScale().convertToDouble()};
  code.emit();
  op.erase();
}

} // namespace

void packed::lowerHadamards(ModuleOp module) {
  SmallVector<HadamardOp> ops;
  module.walk([&](HadamardOp op) { ops.push_back(op); });
  llvm::for_each(ops, lower);
}
