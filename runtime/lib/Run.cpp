// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Run.cpp: lpc_run. Every mistake of the caller is one sentence that names the tensor, what is
// expected and what is found; nothing reaches compiled code unchecked.
#include "Model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace lpc::rt;

namespace {

__attribute__((format(printf, 3, 4))) lpc_status failure(lpc_model &model, lpc_status status,
                                                         const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(model.error, kErrorBytes, format, arguments);
  va_end(arguments);
  return status;
}

/// "2x3x4" or "scalar".
void shapeText(int32_t rank, const int64_t *shape, char *text, size_t bytes) {
  size_t used = size_t(snprintf(text, bytes, "%s", rank ? "" : "scalar"));
  for (int32_t d = 0; d < rank && used + 24 < bytes; ++d)
    used += size_t(snprintf(text + used, bytes - used, d ? "x%lld" : "%lld", (long long)shape[d]));
}

bool contains(const void *base, uint64_t bytes, const void *p) {
  return base && uintptr_t(p) >= uintptr_t(base) && uintptr_t(p) - uintptr_t(base) < bytes;
}

lpc_status checkInput(lpc_model &model, const lpc_tensor *in, uint32_t i) {
  const lpc_tensor_spec &spec = model.desc->inputs[i];
  const lpc_tensor &tensor = in[i];
  if (tensor.dtype != spec.dtype) {
    if (!bitsOf(tensor.dtype))
      return failure(model, LPC_INVALID_ARGUMENT,
                     "input '%s': expected %s, but found the unknown element type %d", spec.name,
                     nameOf(spec.dtype), tensor.dtype);
    return failure(model, LPC_INVALID_ARGUMENT, "input '%s': expected %s, but found %s", spec.name,
                   nameOf(spec.dtype), nameOf(tensor.dtype));
  }
  if (tensor.rank != spec.rank)
    return failure(model, LPC_INVALID_ARGUMENT, "input '%s': expected rank %d, but found rank %d",
                   spec.name, spec.rank, tensor.rank);
  for (int32_t d = 0; d < spec.rank; ++d) {
    long long found = tensor.shape[d];
    if (found < 0)
      return failure(model, LPC_INVALID_ARGUMENT, "input '%s': dimension %d is negative (%lld)",
                     spec.name, d, found);
    if (spec.dims[d] >= 0 && found != spec.dims[d])
      return failure(model, LPC_INVALID_ARGUMENT,
                     "input '%s': expected dimension %d to be %lld, but found %lld", spec.name, d,
                     (long long)spec.dims[d], found);
    int32_t first = model.firstOfName[i * LPC_MAX_RANK + uint32_t(d)];
    const lpc_tensor_spec &other = model.desc->inputs[first / LPC_MAX_RANK];
    long long expected = in[first / LPC_MAX_RANK].shape[first % LPC_MAX_RANK];
    if (found == expected)
      continue;
    if (&other == &spec)
      return failure(model, LPC_INVALID_ARGUMENT,
                     "input '%s' disagrees with itself on '%s': expected dimension %d to be %lld "
                     "as dimension %d is, but "
                     "found %lld",
                     spec.name, spec.dim_names[d], d, expected, first % LPC_MAX_RANK, found);
    return failure(model, LPC_INVALID_ARGUMENT,
                   "inputs '%s' and '%s' disagree on '%s': expected dimension %d of '%s' to be "
                   "%lld as dimension %d of "
                   "'%s' is, but found %lld",
                   other.name, spec.name, spec.dim_names[d], d, spec.name, expected,
                   first % LPC_MAX_RANK, other.name, found);
  }
  char shape[256];
  uint64_t bytes;
  if (!bytesOf(tensor.dtype, tensor.rank, tensor.shape, bytes)) {
    shapeText(tensor.rank, tensor.shape, shape, sizeof(shape));
    return failure(model, LPC_INVALID_ARGUMENT, "input '%s': the shape %s is too large", spec.name,
                   shape);
  }
  if (tensor.bytes != bytes) {
    shapeText(tensor.rank, tensor.shape, shape, sizeof(shape));
    return failure(model, LPC_INVALID_ARGUMENT,
                   "input '%s': expected %llu bytes of data for %s of shape %s, but found %llu",
                   spec.name, (unsigned long long)bytes, nameOf(spec.dtype), shape,
                   (unsigned long long)tensor.bytes);
  }
  if (!tensor.data && bytes)
    return failure(model, LPC_INVALID_ARGUMENT,
                   "input '%s' has no data: expected %llu bytes, but found a null pointer",
                   spec.name, (unsigned long long)bytes);
  return LPC_OK;
}

lpc_status checkInputs(lpc_model &model, const lpc_tensor *in, size_t nin) {
  const lpc_model_desc &desc = *model.desc;
  if (nin < desc.num_inputs)
    return failure(model, LPC_INVALID_ARGUMENT,
                   "input '%s' is missing: expected %u inputs, but found %zu",
                   desc.inputs[nin].name, desc.num_inputs, nin);
  if (nin > desc.num_inputs)
    return failure(model, LPC_INVALID_ARGUMENT, "too many inputs: expected %u, but found %zu",
                   desc.num_inputs, nin);
  if (nin && !in)
    return failure(model, LPC_INVALID_ARGUMENT,
                   "input '%s' is missing: the table of inputs is a null pointer",
                   desc.inputs[0].name);
  for (uint32_t i = 0; i < desc.num_inputs; ++i)
    if (lpc_status status = checkInput(model, in, i))
      return status;
  return LPC_OK;
}

lpc_status tooSmall(lpc_model &model, const lpc_tensor_spec &spec, uint64_t bytes,
                    const lpc_tensor &found) {
  return failure(model, LPC_INVALID_ARGUMENT,
                 "output '%s': expected a buffer of at least %llu bytes, but found %llu", spec.name,
                 (unsigned long long)bytes, (unsigned long long)found.bytes);
}

/// Finds out which outputs go to the caller's memory; refuses buffers that are too small where that
/// is known already.
lpc_status checkOutputs(lpc_model &model, const lpc_tensor *out, size_t nout) {
  const lpc_model_desc &desc = *model.desc;
  if (nout != desc.num_outputs)
    return failure(model, LPC_INVALID_ARGUMENT,
                   "wrong number of outputs: expected %u, but found %zu", desc.num_outputs, nout);
  if (nout && !out)
    return failure(model, LPC_INVALID_ARGUMENT, "the table of outputs is a null pointer");
  for (uint32_t i = 0; i < desc.num_outputs; ++i) {
    const lpc_tensor_spec &spec = desc.outputs[i];
    void *data = out[i].data;
    bool ours = !data || contains(model.arena, desc.arena_bytes, data) || model.cache.owns(data);
    model.callerMemory[i] = ours ? nullptr : data;
    bool fixed = true;
    for (int32_t d = 0; d < spec.rank; ++d)
      fixed &= spec.dims[d] >= 0;
    uint64_t bytes;
    if (!ours && fixed && bytesOf(spec.dtype, spec.rank, spec.dims, bytes) && out[i].bytes < bytes)
      return tooSmall(model, spec, bytes, out[i]);
  }
  return LPC_OK;
}

lpc_status outOfMemory(lpc_model &model, const char *kind, const char *name, uint64_t bytes) {
  return failure(model, LPC_OUT_OF_MEMORY, "out of memory: %s '%s' needs %llu bytes", kind, name,
                 (unsigned long long)bytes);
}

/// Fills the input buffers. An input that is an output of the last run keeps its block; one that
/// lies in the arena, which the run overwrites, or that is badly aligned is copied.
lpc_status takeInputs(lpc_model &model, const lpc_tensor *in) {
  const lpc_model_desc &desc = *model.desc;
  for (uint32_t i = 0; i < desc.num_inputs; ++i) {
    lpc_buffer &buffer = model.inBuffers[i];
    buffer.data = in[i].data;
    memcpy(buffer.shape, in[i].shape, sizeof(int64_t) * size_t(in[i].rank));
  }
  model.cache.releaseUnless([&](Block &block) {
    block.pinned = false;
    for (uint32_t i = 0; i < desc.num_inputs; ++i)
      block.pinned |= block.contains(in[i].data);
    return block.pinned;
  });
  for (uint32_t i = 0; i < desc.num_inputs; ++i) {
    lpc_buffer &buffer = model.inBuffers[i];
    size_t align = bitsOf(in[i].dtype) < 16 ? 1 : size_t(bitsOf(in[i].dtype)) / 8;
    bool aligned = uintptr_t(buffer.data) % align == 0;
    if (in[i].bytes && aligned && !contains(model.arena, desc.arena_bytes, buffer.data))
      continue;
    Block *copy = model.cache.allocate(
        in[i].bytes); // for an empty input too: compiled code sees no null pointer
    if (!copy)
      return outOfMemory(model, "the copy of input", desc.inputs[i].name, in[i].bytes);
    if (in[i].bytes)
      memcpy(copy->data(), buffer.data, in[i].bytes);
    buffer.data = copy->data();
  }
  return LPC_OK;
}

/// False if the model left the run through lpc_rt_fail. No local changes between setjmp and
/// longjmp.
__attribute__((noinline)) bool callEntry(lpc_model &model) {
  if (_setjmp(model.runJump) != 0)
    return false;
  model.desc->entry(&model, model.inBuffers, model.outBuffers);
  return true;
}

/// Runs with the default floating-point environment, whatever the host has set (flush to zero
/// changes results).
bool runEntry(lpc_model &model) {
#if defined(__x86_64__)
  unsigned before = _mm_getcsr();
  _mm_setcsr(0x1f80);
#endif
  bool ok = callEntry(model);
#if defined(__x86_64__)
  _mm_setcsr(before);
#endif
  return ok;
}

/// Checks what compiled code returned, and its size.
lpc_status checkResult(lpc_model &model, uint32_t i, const lpc_tensor &out, uint64_t &bytes) {
  const lpc_tensor_spec &spec = model.desc->outputs[i];
  const lpc_buffer &buffer = model.outBuffers[i];
  for (int32_t d = 0; d < spec.rank; ++d)
    if (spec.dims[d] >= 0 && buffer.shape[d] != spec.dims[d])
      return failure(
          model, LPC_RUN_FAILED,
          "internal error: output '%s': expected dimension %d to be %lld, but found %lld",
          spec.name, d, (long long)spec.dims[d], (long long)buffer.shape[d]);
  if (!bytesOf(spec.dtype, spec.rank, buffer.shape, bytes) || (bytes && !buffer.data)) {
    char shape[256];
    shapeText(spec.rank, buffer.shape, shape, sizeof(shape));
    return failure(model, LPC_RUN_FAILED, "internal error: output '%s' of shape %s has no data",
                   spec.name, shape);
  }
  if (model.callerMemory[i] && out.bytes < bytes)
    return tooSmall(model, spec, bytes, out);
  return LPC_OK;
}

/// Brings the results to where the caller finds them.
lpc_status giveOutputs(lpc_model &model, lpc_tensor *out) {
  const lpc_model_desc &desc = *model.desc;
  uint64_t bytes;
  for (uint32_t i = 0; i < desc.num_outputs; ++i)
    if (lpc_status status = checkResult(model, i, out[i], bytes))
      return status;
  // First those that the model owns, because only they can fail.
  for (uint32_t i = 0; i < desc.num_outputs; ++i) {
    lpc_buffer &buffer = model.outBuffers[i];
    bool inPlace =
        contains(model.arena, desc.arena_bytes, buffer.data) || model.cache.findLive(buffer.data);
    if (model.callerMemory[i] || inPlace)
      continue;
    (void)bytesOf(desc.outputs[i].dtype, desc.outputs[i].rank, buffer.shape, bytes);
    Block *copy = model.cache.allocate(bytes);
    if (!copy)
      return outOfMemory(model, "output", desc.outputs[i].name, bytes);
    if (bytes)
      memcpy(copy->data(), buffer.data, bytes);
    buffer.data = copy->data();
  }
  for (uint32_t i = 0; i < desc.num_outputs; ++i) {
    const lpc_tensor_spec &spec = desc.outputs[i];
    lpc_buffer &buffer = model.outBuffers[i];
    (void)bytesOf(spec.dtype, spec.rank, buffer.shape, bytes);
    if (void *memory = model.callerMemory[i]) {
      if (bytes)
        memmove(memory, buffer.data, bytes);
      buffer.data = memory;
    }
    out[i].dtype = spec.dtype;
    out[i].rank = spec.rank;
    memset(out[i].shape, 0, sizeof(out[i].shape));
    memcpy(out[i].shape, buffer.shape, sizeof(int64_t) * size_t(spec.rank));
    out[i].data = buffer.data;
    out[i].bytes = bytes;
  }
  return LPC_OK;
}

lpc_status run(lpc_model &model, const lpc_tensor *in, size_t nin, lpc_tensor *out, size_t nout) {
  const lpc_model_desc &desc = *model.desc;
  if (lpc_status status = checkInputs(model, in, nin))
    return status;
  if (lpc_status status = checkOutputs(model, out, nout))
    return status;
  model.pool.checkProcess();
  model.cache.beginRun();
  lpc_status status = takeInputs(model, in);
  if (!status) {
    memset(model.outBuffers, 0, sizeof(lpc_buffer) * desc.num_outputs);
    status = runEntry(model) ? giveOutputs(model, out) : LPC_RUN_FAILED;
  }
  // On failure the outputs of the last run that served as inputs stay, so that the caller can try
  // again.
  model.cache.releaseUnless([&](Block &block) {
    if (status)
      return block.pinned;
    block.pinned = false;
    for (uint32_t i = 0; i < desc.num_outputs; ++i)
      if (!model.callerMemory[i] && block.contains(model.outBuffers[i].data))
        return true;
    return false;
  });
  return status;
}

} // namespace

lpc_status lpc_run(lpc_model *model, const lpc_tensor *in, size_t nin, lpc_tensor *out,
                   size_t nout) {
  if (!model)
    return LPC_INVALID_ARGUMENT;
  // An error-checking mutex: it fails if this thread is already in a run.
  if (pthread_mutex_lock(&model->mutex) != 0)
    return failure(*model, LPC_INVALID_ARGUMENT,
                   "lpc_run was called from inside a run of the same model");
  lpc_status status = run(*model, in, nin, out, nout);
  if (!status)
    model->error[0] = 0;
  pthread_mutex_unlock(&model->mutex);
  return status;
}
