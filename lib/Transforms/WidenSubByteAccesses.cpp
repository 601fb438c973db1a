// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads and writes elements below 8 bits as bytes, so that the loops around them vectorise.
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_WIDENSUBBYTEACCESSESPASS
#include "lpc/Transforms/Passes.h.inc"

static bool isSubByte(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer && integer.getWidth() < 8;
}

namespace {
struct WidenSubByteAccesses final : impl::WidenSubByteAccessesPassBase<WidenSubByteAccesses> {
  using WidenSubByteAccessesPassBase::WidenSubByteAccessesPassBase;

  void runOnOperation() override {
    getOperation().walk([](LLVM::LoadOp load) {
      if (!isSubByte(load.getType()))
        return;
      OpBuilder b(load);
      Value byte =
          LLVM::LoadOp::create(b, load.getLoc(), b.getI8Type(), load.getAddr(), /*alignment=*/1);
      load.replaceAllUsesWith(Value(LLVM::TruncOp::create(b, load.getLoc(), load.getType(), byte)));
      load.erase();
    });
    getOperation().walk([](LLVM::StoreOp store) {
      if (!isSubByte(store.getValue().getType()))
        return;
      OpBuilder b(store);
      Value byte = LLVM::ZExtOp::create(b, store.getLoc(), b.getI8Type(), store.getValue());
      LLVM::StoreOp::create(b, store.getLoc(), byte, store.getAddr(), /*alignment=*/1);
      store.erase();
    });
  }
};
} // namespace
} // namespace lpc
