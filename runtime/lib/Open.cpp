// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Open.cpp: opening, describing and closing a model.
#include "Model.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

using namespace lpc::rt;

namespace {

constexpr int32_t kMaxThreads = 1024;
constexpr uint64_t kHugeBytes = uint64_t(2) << 20;
pthread_mutex_t openErrorMutex = PTHREAD_MUTEX_INITIALIZER;
char openError[kErrorBytes];

/// The compiler wrote the descriptor, but a wrong one must not crash the host.
bool checkSpecs(const lpc_tensor_spec *specs, uint32_t count, const char *kind, char *error) {
  if (count && !specs) {
    snprintf(error, kErrorBytes, "the model's descriptor has no table of %ss", kind);
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const lpc_tensor_spec &spec = specs[i];
    if (spec.name && bitsOf(spec.dtype) && spec.rank >= 0 && spec.rank <= LPC_MAX_RANK &&
        (!spec.rank || spec.dims))
      continue;
    snprintf(error, kErrorBytes, "the model's descriptor is malformed at %s %u", kind, i);
    return false;
  }
  return true;
}

const char *dimName(const lpc_tensor_spec &spec, int32_t d) {
  const char *name = spec.dims[d] < 0 && spec.dim_names ? spec.dim_names[d] : nullptr;
  return name && *name ? name : nullptr;
}

void linkDimNames(lpc_model &model) {
  const lpc_model_desc &desc = *model.desc;
  for (uint32_t i = 0; i < desc.num_inputs; ++i)
    for (int32_t d = 0; d < desc.inputs[i].rank; ++d) {
      int32_t self = int32_t(i) * LPC_MAX_RANK + d;
      model.firstOfName[self] = self;
      const char *name = dimName(desc.inputs[i], d);
      for (int32_t other = 0; name && other < self; ++other) {
        const lpc_tensor_spec &spec = desc.inputs[other / LPC_MAX_RANK];
        int32_t od = other % LPC_MAX_RANK;
        const char *otherName = od < spec.rank ? dimName(spec, od) : nullptr;
        if (otherName && strcmp(name, otherName) == 0) {
          model.firstOfName[self] = other;
          break;
        }
      }
    }
}

/// The folder of this .so plus the file's name.
bool besideModel(const char *file, char *path, size_t bytes) {
  Dl_info info;
  if (strchr(file, '/') || !dladdr(&lpc_model_descriptor, &info) || !info.dli_fname)
    return snprintf(path, bytes, "%s", file) < int(bytes);
  const char *slash = strrchr(info.dli_fname, '/');
  int folder = slash ? int(slash - info.dli_fname) + 1 : 0;
  return snprintf(path, bytes, "%.*s%s", folder, info.dli_fname, file) < int(bytes);
}

lpc_status attachWeights(lpc_model &model, const char *replacement, char *error) {
  const lpc_model_desc &desc = *model.desc;
  char path[PATH_MAX];
  if (replacement && !desc.weights_bytes) {
    snprintf(error, kErrorBytes, "the model has no weights that '%s' could replace", replacement);
    return LPC_INVALID_ARGUMENT;
  }
  if (!replacement && !desc.weights && desc.weights_bytes) {
    if (!desc.weights_file || !besideModel(desc.weights_file, path, sizeof(path))) {
      snprintf(error, kErrorBytes,
               "the model holds no weights: give a weights file (weights_path)");
      return LPC_INVALID_ARGUMENT;
    }
    replacement = path;
  }
  if (!replacement) {
    model.weights = static_cast<const uint8_t *>(desc.weights);
    return LPC_OK;
  }
  if (lpc_status status = mapWeights(replacement, desc, model.weightsFile, error))
    return status;
  model.weights = static_cast<const uint8_t *>(model.weightsFile.map) + LPC_WEIGHTS_HEADER_BYTES;
  return LPC_OK;
}

int32_t chooseThreads(int32_t asked) {
  if (asked <= 0)
    if (const char *text = getenv("LPC_NUM_THREADS"))
      asked = int32_t(strtol(text, nullptr, 10));
  if (asked <= 0)
    asked = usableCPUs();
  return asked > kMaxThreads ? kMaxThreads : asked;
}

lpc_status allocateState(lpc_model &model, char *error) {
  const lpc_model_desc &desc = *model.desc;
  // One more entry each: a model without inputs must not look like a failed calloc.
  model.firstOfName =
      static_cast<int32_t *>(calloc(size_t(desc.num_inputs) * LPC_MAX_RANK + 1, sizeof(int32_t)));
  model.inBuffers =
      static_cast<lpc_buffer *>(calloc(size_t(desc.num_inputs) + 1, sizeof(lpc_buffer)));
  model.outBuffers =
      static_cast<lpc_buffer *>(calloc(size_t(desc.num_outputs) + 1, sizeof(lpc_buffer)));
  model.callerMemory = static_cast<void **>(calloc(size_t(desc.num_outputs) + 1, sizeof(void *)));
  bool ok = model.firstOfName && model.inBuffers && model.outBuffers && model.callerMemory;
  if (ok && desc.arena_bytes) {
    bool huge = desc.arena_bytes >= kHugeBytes;
    void *memory = nullptr;
    ok = posix_memalign(&memory, huge ? kHugeBytes : 64, desc.arena_bytes) == 0;
    if (ok && huge)
      madvise(memory, desc.arena_bytes, MADV_HUGEPAGE);
    model.arena = static_cast<uint8_t *>(memory);
  }
  if (ok)
    return LPC_OK;
  snprintf(error, kErrorBytes, "out of memory while opening the model (its arena has %llu bytes)",
           (unsigned long long)desc.arena_bytes);
  return LPC_OUT_OF_MEMORY;
}

lpc_status openModel(const lpc_open_options &options, lpc_model &model, char *error) {
  const lpc_model_desc &desc = *model.desc;
  if (desc.abi_version && desc.abi_version != LPC_ABI_VERSION) {
    snprintf(error, kErrorBytes,
             "the model was compiled for version %u of the runtime interface, but its runtime has "
             "version %u",
             desc.abi_version, LPC_ABI_VERSION);
    return LPC_INVALID_MODEL;
  }
  if (!desc.entry) {
    snprintf(error, kErrorBytes, "the model's descriptor has no entry function");
    return LPC_INVALID_MODEL;
  }
  if (!checkSpecs(desc.inputs, desc.num_inputs, "input", error) ||
      !checkSpecs(desc.outputs, desc.num_outputs, "output", error))
    return LPC_INVALID_MODEL;

  model.cpu_features = detectCPU();
  constexpr uint64_t amx = LPC_CPU_AMX | LPC_CPU_AMXBF16;
  if ((desc.required_features | desc.optional_features) & model.cpu_features & amx && !requestAMX())
    model.cpu_features &= ~amx;
  if (uint64_t missing = desc.required_features & ~model.cpu_features) {
    char names[256];
    describeCPU(missing, names, sizeof(names));
    snprintf(error, kErrorBytes,
             "the model needs a CPU with %s, which this machine lacks: compile it for this machine",
             names);
    return LPC_UNSUPPORTED_CPU;
  }
  if (lpc_status status = attachWeights(model, options.weights_path, error))
    return status;
  if (lpc_status status = allocateState(model, error))
    return status;
  linkDimNames(model);
  if (!model.pool.init(chooseThreads(options.threads))) {
    snprintf(error, kErrorBytes, "out of memory while opening the model");
    return LPC_OUT_OF_MEMORY;
  }
  return LPC_OK;
}

void destroyModel(lpc_model *model) {
  if (model->pool.slots)
    model->pool.destroy();
  model->cache.destroy();
  unmapWeights(model->weightsFile);
  pthread_mutex_destroy(&model->mutex);
  free(model->arena);
  free(model->firstOfName);
  free(model->inBuffers);
  free(model->outBuffers);
  free(model->callerMemory);
  free(model);
}

lpc_status describe(const lpc_model *model, const lpc_tensor_spec *specs, uint32_t count,
                    size_t index, const char *kind, lpc_tensor_info *info) {
  if (!model || !info)
    return LPC_INVALID_ARGUMENT;
  if (index >= count) {
    lpc_model *target = const_cast<lpc_model *>(model);
    pthread_mutex_lock(&target->mutex);
    snprintf(target->error, kErrorBytes, "%s %zu does not exist: the model has %u %ss", kind, index,
             count, kind);
    pthread_mutex_unlock(&target->mutex);
    return LPC_INVALID_ARGUMENT;
  }
  const lpc_tensor_spec &spec = specs[index];
  memset(info, 0, sizeof(*info));
  info->name = spec.name;
  info->dtype = spec.dtype;
  info->rank = spec.rank;
  for (int32_t d = 0; d < spec.rank; ++d) {
    info->dims[d] = spec.dims[d] < 0 ? -1 : spec.dims[d];
    info->dim_names[d] = spec.dim_names ? spec.dim_names[d] : nullptr;
  }
  return LPC_OK;
}

lpc_status openFailed(lpc_status status, const char *sentence) {
  pthread_mutex_lock(&openErrorMutex);
  snprintf(openError, sizeof(openError), "%s", sentence);
  pthread_mutex_unlock(&openErrorMutex);
  return status;
}

} // namespace

uint32_t lpc_abi_version(void) { return LPC_ABI_VERSION; }

lpc_status lpc_model_open(const lpc_open_options *options, lpc_model **result) {
  if (!result)
    return openFailed(LPC_INVALID_ARGUMENT,
                      "lpc_model_open needs a place for the model, but found a null pointer");
  *result = nullptr;
  lpc_open_options known = {};
  if (options) {
    if (options->struct_size < sizeof(size_t))
      return openFailed(LPC_INVALID_ARGUMENT, "the struct_size of lpc_open_options is not set");
    size_t bytes = options->struct_size < sizeof(known) ? options->struct_size : sizeof(known);
    memcpy(&known, options, bytes);
  }
  void *memory = nullptr;
  if (posix_memalign(&memory, 64, sizeof(lpc_model)) != 0)
    return openFailed(LPC_OUT_OF_MEMORY, "out of memory while opening the model");
  memset(memory, 0, sizeof(lpc_model));
  lpc_model *model = static_cast<lpc_model *>(memory);
  model->desc = &lpc_model_descriptor;
  model->cache.init();
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&model->mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);

  char error[kErrorBytes];
  if (lpc_status status = openModel(known, *model, error)) {
    destroyModel(model);
    return openFailed(status, error);
  }
  *result = model;
  return LPC_OK;
}

void lpc_model_close(lpc_model *model) {
  if (model)
    destroyModel(model);
}

size_t lpc_model_num_inputs(const lpc_model *model) { return model ? model->desc->num_inputs : 0; }

size_t lpc_model_num_outputs(const lpc_model *model) {
  return model ? model->desc->num_outputs : 0;
}

lpc_status lpc_model_input(const lpc_model *model, size_t index, lpc_tensor_info *info) {
  return model ? describe(model, model->desc->inputs, model->desc->num_inputs, index, "input", info)
               : LPC_INVALID_ARGUMENT;
}

lpc_status lpc_model_output(const lpc_model *model, size_t index, lpc_tensor_info *info) {
  return model ? describe(model, model->desc->outputs, model->desc->num_outputs, index, "output",
                          info)
               : LPC_INVALID_ARGUMENT;
}

const char *lpc_last_error(const lpc_model *model) { return model ? model->error : openError; }

const char *lpc_manifest_json(const lpc_model *model) {
  return model && model->desc->manifest ? model->desc->manifest : "{}";
}

lpc_status lpc_set_observer(lpc_model *model, lpc_observer_fn fn, void *user) {
  if (!model)
    return LPC_INVALID_ARGUMENT;
  if (pthread_mutex_lock(&model->mutex) != 0)
    return LPC_INVALID_ARGUMENT; // from inside a run of this model
  model->observer = fn;
  model->observerUser = user;
  pthread_mutex_unlock(&model->mutex);
  return LPC_OK;
}
