/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * FakeNoModel.c: shared libraries that are not models of this version. */
#define EXPORT __attribute__((visibility("default")))
#ifdef OLD_ABI
EXPORT unsigned lpc_abi_version(void);
EXPORT unsigned lpc_abi_version(void) { return 999; }
#else
EXPORT int something_else(void);
EXPORT int something_else(void) { return 1; }
#endif
