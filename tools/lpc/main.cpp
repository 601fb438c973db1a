// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc: the compiler's command line.
#include "lpc/Driver/Driver.h"

int main(int argc, char **argv) { return lpc::runDriver(argc, argv); }
