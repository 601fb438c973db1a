/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * checksum.h: a fast 64-bit checksum of a stream of bytes, against damage, not against forgery. The
 * compiler writes it into weights files, the runtime compares it; and behind the end of a linked
 * model, where lpc's own tools compare it before they load the file. Valid C99 and C++.
 *
 * Eight lanes each take every eighth little-endian word of 8 bytes; a step is a bijection of its
 * lane, so that a change of one word always changes the result. The end is filled with zero bytes,
 * and the length counts.
 */
#ifndef LPC_RUNTIME_CHECKSUM_H
#define LPC_RUNTIME_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LPC_CHECKSUM_LANES 8
#define LPC_CHECKSUM_BLOCK (8 * LPC_CHECKSUM_LANES)

typedef struct lpc_checksum {
  uint64_t lane[LPC_CHECKSUM_LANES];
  uint64_t bytes; /* so far */
  unsigned char rest[LPC_CHECKSUM_BLOCK];
} lpc_checksum;

static inline uint64_t lpc_checksum_step(uint64_t lane, uint64_t word) {
  uint64_t x = lane ^ word;
  return ((x << 29) | (x >> 35)) * 0x9e3779b97f4a7c15u;
}

static inline void lpc_checksum_block(lpc_checksum *sum, const unsigned char *block) {
  for (int i = 0; i < LPC_CHECKSUM_LANES; ++i) {
    uint64_t word;
    memcpy(&word, block + 8 * i, sizeof(word));
    sum->lane[i] = lpc_checksum_step(sum->lane[i], word);
  }
}

static inline void lpc_checksum_begin(lpc_checksum *sum) {
  memset(sum, 0, sizeof(*sum));
  for (int i = 0; i < LPC_CHECKSUM_LANES; ++i)
    sum->lane[i] = (uint64_t)(i + 1);
}

static inline void lpc_checksum_add(lpc_checksum *sum, const void *data, size_t bytes) {
  const unsigned char *next = (const unsigned char *)data;
  size_t used = (size_t)(sum->bytes % LPC_CHECKSUM_BLOCK);
  sum->bytes += bytes;
  if (used) {
    size_t take = LPC_CHECKSUM_BLOCK - used < bytes ? LPC_CHECKSUM_BLOCK - used : bytes;
    memcpy(sum->rest + used, next, take);
    next += take;
    bytes -= take;
    if (used + take < LPC_CHECKSUM_BLOCK)
      return;
    lpc_checksum_block(sum, sum->rest);
  }
  for (; bytes >= LPC_CHECKSUM_BLOCK; bytes -= LPC_CHECKSUM_BLOCK, next += LPC_CHECKSUM_BLOCK)
    lpc_checksum_block(sum, next);
  if (bytes)
    memcpy(sum->rest, next, bytes);
}

static inline uint64_t lpc_checksum_end(lpc_checksum *sum) {
  uint64_t result = sum->bytes;
  size_t used = (size_t)(sum->bytes % LPC_CHECKSUM_BLOCK);
  if (used) {
    memset(sum->rest + used, 0, LPC_CHECKSUM_BLOCK - used);
    lpc_checksum_block(sum, sum->rest);
  }
  for (int i = 0; i < LPC_CHECKSUM_LANES; ++i)
    result = lpc_checksum_step(result, sum->lane[i]);
  return result ^ (result >> 32);
}

/* ---- the seal of a linked model: its last 24 bytes ---- */
#define LPC_SEAL_MAGIC "LPCSEAL1"
typedef struct lpc_seal {
  char magic[8];    /* LPC_SEAL_MAGIC without its zero */
  uint64_t bytes;   /* of the file before the seal */
  uint64_t content; /* their checksum */
} lpc_seal;

static inline lpc_seal lpc_make_seal(const void *data, size_t bytes) {
  lpc_seal seal;
  lpc_checksum sum;
  memcpy(seal.magic, LPC_SEAL_MAGIC, sizeof(seal.magic));
  seal.bytes = bytes;
  lpc_checksum_begin(&sum);
  lpc_checksum_add(&sum, data, bytes);
  seal.content = lpc_checksum_end(&sum);
  return seal;
}

#endif /* LPC_RUNTIME_CHECKSUM_H */
