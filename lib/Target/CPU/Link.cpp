// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linking with lld as a library.
//
// The result depends on the objects, the runtime and the C library's symbol versions only: no build
// id, no paths, no search beyond the C library's usual folders.
#include "Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace mlir;

namespace lpc {

/// Beside an installed compiler, else where the build put it.
static std::string runtimeArchive() {
  static int anchor;
  SmallString<128> path(
      llvm::sys::path::parent_path(llvm::sys::fs::getMainExecutable(nullptr, &anchor)));
  llvm::sys::path::append(path, "..", "lib", "liblpc_runtime.a");
  return llvm::sys::fs::exists(path) ? path.str().str() : LPC_RUNTIME_ARCHIVE;
}

/// The C library's shared objects of this machine, for the names and versions of their symbols.
static SmallVector<std::string> systemLibraries() {
  SmallVector<std::string> result;
  for (StringRef name : {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2",
                         "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}) {
    for (StringRef folder : {"/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64",
                             "/usr/lib64", "/lib", "/usr/lib"}) {
      SmallString<64> path(folder);
      llvm::sys::path::append(path, name);
      if (!llvm::sys::fs::exists(path))
        continue;
      result.push_back(path.str().str());
      break;
    }
  }
  return result;
}

/// Runs lld in a child process: as a library it parses command-line options of its own and thereby
/// resets those of the process around it, and it may not be able to run twice. Returns its exit
/// code, or -1 if it did not end by itself.
static int runLinker(ArrayRef<const char *> args, std::string &messages) {
  int ends[2];
  if (pipe(ends) != 0)
    return -1;
  // If the caller ignores SIGCHLD, the child's exit code would be lost.
  struct sigaction restored, standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &standard, &restored);
  llvm::scope_exit restore([&] { sigaction(SIGCHLD, &restored, nullptr); });
  pid_t parent = getpid(), child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return -1;
  }
  if (child == 0) {
    close(ends[0]);
    // If the compiler is killed, the linker removes what it has written and goes too.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      raise(SIGTERM);
    std::string text;
    llvm::raw_string_ostream os(text);
    lld::Result result = lld::lldMain(args, os, os, {{lld::Gnu, &lld::elf::link}});
    llvm::raw_fd_ostream(ends[1], /*shouldClose=*/true) << text;
    _exit(result.retCode);
  }
  close(ends[1]);
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof(buffer))) != 0;) {
    if (n < 0 && errno != EINTR)
      break;
    if (n > 0)
      messages.append(buffer, n);
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The symbols of the C interface; everything else stays inside.
static LogicalResult writeExports(ModuleOp module, StringRef path) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error)
    return module.emitError("cannot write a temporary file: ") << error.message();
  os << "{ global: lpc_abi_version; lpc_model_*; lpc_run; lpc_last_error; lpc_manifest_json; "
        "lpc_set_observer; local: *; };\n";
  return success();
}

LogicalResult linkObjects(ModuleOp module, const TemporaryFolder &folder,
                          ArrayRef<std::string> objects, StringRef outputPath, bool relocatable,
                          bool keepSymbols) {
  std::string archive = runtimeArchive();
  if (!llvm::sys::fs::exists(archive))
    return module.emitError(
        "cannot find the runtime archive 'liblpc_runtime.a' beside the compiler");
  SmallVector<std::string> args = {"ld.lld", "-o", outputPath.str(), "--threads=1"};
  llvm::append_range(args, objects);
  llvm::append_range(args, ArrayRef<std::string>{"--whole-archive", archive, "--no-whole-archive"});
  if (relocatable) {
    llvm::append_range(args, ArrayRef<std::string>{"-r", "--strip-debug"});
  } else {
    std::string script = folder.file("exports");
    if (failed(writeExports(module, script)))
      return failure();
    llvm::append_range(args,
                       ArrayRef<std::string>{"-shared", "--version-script=" + script,
                                             keepSymbols ? "--strip-debug" : "--strip-all",
                                             "--gc-sections", "--hash-style=gnu", "--build-id=none",
                                             "-z", "now", "-z", "noexecstack"});
    SmallVector<std::string> libraries = systemLibraries();
    if (libraries.empty()) {
      args.push_back("--unresolved-symbols=ignore-all");
    } else {
      llvm::append_range(args, ArrayRef<std::string>{"-z", "defs", "--as-needed"});
      llvm::append_range(args, libraries);
    }
  }
  SmallVector<const char *> raw;
  for (const std::string &arg : args)
    raw.push_back(arg.c_str());
  std::string messages;
  if (runLinker(raw, messages) == 0)
    return success();
  return module.emitError("linking failed: ") << StringRef(messages).trim();
}

} // namespace lpc
