// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights.cpp: weights that come from a file are mapped, never copied. They are read once, for the
// checksum.
#include "Model.h"

#include "lpc-runtime/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace lpc::rt;

lpc_status lpc::rt::mapWeights(const char *path, const lpc_model_desc &desc, WeightsFile &file,
                               char *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    snprintf(error, kErrorBytes, "cannot open weights file '%s': %s", path, strerror(errno));
    return LPC_IO_ERROR;
  }
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    snprintf(error, kErrorBytes, "weights file '%s' is not a regular file", path);
    close(fd);
    return LPC_IO_ERROR;
  }
  uint64_t bytes = uint64_t(info.st_size);
  lpc_weights_header header;
  if (bytes < LPC_WEIGHTS_HEADER_BYTES ||
      pread(fd, &header, sizeof(header), 0) != ssize_t(sizeof(header)) ||
      memcmp(header.magic, LPC_WEIGHTS_MAGIC, sizeof(header.magic)) != 0) {
    snprintf(error, kErrorBytes,
             "'%s' is not a weights file of lpc: it does not start with " LPC_WEIGHTS_MAGIC, path);
    close(fd);
    return LPC_INVALID_MODEL;
  }
  if (header.bytes != desc.weights_bytes) {
    snprintf(
        error, kErrorBytes,
        "weights file '%s' is for another model: expected %llu bytes of weights, but found %llu",
        path, (unsigned long long)desc.weights_bytes, (unsigned long long)header.bytes);
    close(fd);
    return LPC_INVALID_MODEL;
  }
  if (header.program != desc.weights_program) {
    snprintf(
        error, kErrorBytes,
        "weights file '%s' is for another model or for other options of the compiler: expected "
        "program %016llx, but found %016llx",
        path, (unsigned long long)desc.weights_program, (unsigned long long)header.program);
    close(fd);
    return LPC_INVALID_MODEL;
  }
  if (bytes - LPC_WEIGHTS_HEADER_BYTES < header.bytes) {
    snprintf(error, kErrorBytes,
             "weights file '%s' is truncated: expected %llu bytes of weights, but found %llu", path,
             (unsigned long long)header.bytes,
             (unsigned long long)(bytes - LPC_WEIGHTS_HEADER_BYTES));
    close(fd);
    return LPC_INVALID_MODEL;
  }
  void *map = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  int reason = errno;
  close(fd);
  if (map == MAP_FAILED) {
    snprintf(error, kErrorBytes, "cannot map weights file '%s': %s", path, strerror(reason));
    return LPC_IO_ERROR;
  }
  lpc_checksum sum;
  lpc_checksum_begin(&sum);
  lpc_checksum_add(&sum, static_cast<const char *>(map) + LPC_WEIGHTS_HEADER_BYTES, header.bytes);
  if (lpc_checksum_end(&sum) != header.content) {
    snprintf(error, kErrorBytes,
             "weights file '%s' is damaged: its bytes do not have the checksum of its header",
             path);
    munmap(map, bytes);
    return LPC_INVALID_MODEL;
  }
  file = {map, bytes};
  return LPC_OK;
}

void lpc::rt::unmapWeights(WeightsFile &file) {
  if (file.map)
    munmap(file.map, file.bytes);
  file = {};
}
