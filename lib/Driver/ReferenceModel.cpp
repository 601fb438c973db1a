// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules in the reference evaluator.
#include "Model.h"

using namespace lpc;
using namespace lpc::driver;

Outcome Model::openReference(const std::string &, const Options &) { return {kExitUnsupported, "no evaluator"}; }
Outcome Model::runReference(const std::vector<rt::HostTensor> &, std::vector<rt::NamedTensor> &) { return {kExitUnsupported, "no evaluator"}; }
