// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of everything: dialects, passes and pipelines of lpc and the upstream ones that it
// uses.
#ifndef LPC_INITALL_H
#define LPC_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace lpc {

/// All dialects of lpc, all upstream dialects, and the interface implementations that lowering
/// needs.
void registerAllDialects(mlir::DialectRegistry &registry);

/// All passes and named pipelines, ours and upstream's.
void registerAllPasses();

} // namespace lpc

#endif // LPC_INITALL_H
