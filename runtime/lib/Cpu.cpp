// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cpu.cpp: what the machine can do.
#include "Model.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

using namespace lpc::rt;

#if defined(__x86_64__)

static uint64_t enabledStates() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

uint64_t lpc::rt::detectCPU() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return 0;
  uint32_t leaf1c = c;
  if (!(leaf1c >> 27 & 1)) // OSXSAVE
    return 0;
  uint64_t states = enabledStates();
  bool avxState = (states & 0x6) == 0x6, avx512State = (states & 0xe6) == 0xe6;
  bool amxState = (states & 0x60000) == 0x60000;
  uint32_t b7 = 0, c7 = 0, d7 = 0, a71 = 0, maxSub = 0;
  if (__get_cpuid_count(7, 0, &maxSub, &b7, &c7, &d7) && maxSub >= 1)
    __get_cpuid_count(7, 1, &a71, &b, &c, &d);

  auto bit = [](uint32_t word, int n) { return (word >> n & 1) != 0; };
  uint64_t features = 0;
  bool avx2 =
      avxState && bit(leaf1c, 28) && bit(leaf1c, 12) && bit(leaf1c, 29) && bit(b7, 5) && bit(b7, 8);
  if (avx2)
    features |= LPC_CPU_AVX2;
  if (avx2 && bit(a71, 4))
    features |= LPC_CPU_AVXVNNI;
  bool avx512 = avx2 && avx512State && bit(b7, 16) && bit(b7, 17) && bit(b7, 28) && bit(b7, 30) &&
                bit(b7, 31);
  if (avx512) {
    features |= LPC_CPU_AVX512;
    if (bit(c7, 11))
      features |= LPC_CPU_AVX512VNNI;
    if (bit(a71, 5))
      features |= LPC_CPU_AVX512BF16;
    if (bit(d7, 23))
      features |= LPC_CPU_AVX512FP16;
    if (bit(c7, 1))
      features |= LPC_CPU_AVX512VBMI;
  }
  if (avx2 && bit(c7, 8))
    features |= LPC_CPU_GFNI;
  if (amxState && bit(d7, 24) && bit(d7, 25)) {
    features |= LPC_CPU_AMX;
    if (bit(d7, 22))
      features |= LPC_CPU_AMXBF16;
  }
  return features;
}

bool lpc::rt::requestAMX() {
  constexpr long requestPermission = 0x1023,
                 tileData = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

#elif defined(__aarch64__)

uint64_t lpc::rt::detectCPU() {
  uint64_t features = LPC_CPU_NEON;
  if (getauxval(AT_HWCAP) >> 20 & 1) // HWCAP_ASIMDDP
    features |= LPC_CPU_DOTPROD;
  if (getauxval(AT_HWCAP2) >> 13 & 1) // HWCAP2_I8MM
    features |= LPC_CPU_I8MM;
  return features;
}
bool lpc::rt::requestAMX() { return false; }

#else

uint64_t lpc::rt::detectCPU() { return 0; }
bool lpc::rt::requestAMX() { return false; }

#endif

void lpc::rt::describeCPU(uint64_t features, char *text, size_t bytes) {
  static const struct {
    uint64_t bit;
    const char *name;
  } names[] = {{LPC_CPU_AVX2, "avx2"},
               {LPC_CPU_AVXVNNI, "avxvnni"},
               {LPC_CPU_AVX512, "avx512"},
               {LPC_CPU_AVX512VNNI, "avx512vnni"},
               {LPC_CPU_AVX512BF16, "avx512bf16"},
               {LPC_CPU_AVX512FP16, "avx512fp16"},
               {LPC_CPU_AVX512VBMI, "avx512vbmi"},
               {LPC_CPU_GFNI, "gfni"},
               {LPC_CPU_AMX, "amx"},
               {LPC_CPU_AMXBF16, "amxbf16"},
               {LPC_CPU_NEON, "neon"},
               {LPC_CPU_DOTPROD, "dotprod"},
               {LPC_CPU_I8MM, "i8mm"}};
  size_t used = 0;
  text[0] = 0;
  for (const auto &entry : names) {
    if (!(features & entry.bit))
      continue;
    features &= ~entry.bit;
    int wrote = snprintf(text + used, bytes - used, used ? ", %s" : "%s", entry.name);
    if (wrote < 0 || size_t(wrote) >= bytes - used)
      return;
    used += size_t(wrote);
  }
  if (features)
    snprintf(text + used, bytes - used, "%sfeatures that this runtime does not know",
             used ? " and " : "");
}
