# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The lit suite of lpc. docs/Testing.md lists the substitutions and features that a test may use.
import os

import lit.formats

config.name = "lpc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "benchmark", "conformance"]
config.test_source_root = os.path.join(config.lpc_source_dir, "test")
config.test_exec_root = os.path.join(config.lpc_binary_dir, "test")

# lpc's tools come first, then LLVM's (FileCheck, not, split-file).
bin_dir = os.path.join(config.lpc_binary_dir, "bin")
config.environment["PATH"] = os.pathsep.join(
    [bin_dir, config.lpc_llvm_tools_dir, os.environ.get("PATH", "")]
)

# The shared models lie beside the checkout; LPC_SHARED says otherwise.
shared = os.environ.get("LPC_SHARED") or os.path.normpath(
    os.path.join(config.lpc_source_dir, os.pardir, "shared")
)
if os.path.isdir(os.path.join(shared, "models")):
    config.available_features.add("shared-models")
elif os.environ.get("LPC_REQUIRE_SHARED") == "1":
    lit_config.fatal("LPC_REQUIRE_SHARED is set, but there is no folder models in " + shared)
config.environment["LPC_SHARED"] = shared

config.substitutions += [
    ("%python", config.lpc_python),
    ("%cc", config.lpc_cc),
    ("%shared", shared),
    ("%examples", os.path.join(config.lpc_source_dir, "examples")),
    ("%source_dir", config.lpc_source_dir),
    ("%build_dir", config.lpc_binary_dir),
    # How many random networks: lit --param last-seed=N.
    ("%{last-seed}", lit_config.params.get("last-seed", "7")),
]

if config.lpc_sanitize.upper() in ("ON", "1", "TRUE", "YES"):
    # libMLIR is not instrumented, so containers that cross its border look overflown.
    options = "detect_container_overflow=0:detect_leaks=0"
    config.environment["ASAN_OPTIONS"] = options
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
    config.available_features.add("sanitizers")
