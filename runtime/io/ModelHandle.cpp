// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ModelHandle.cpp: dlopen around the C ABI.
#include "lpc-runtime/io/ModelHandle.h"

#include "lpc-runtime/checksum.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace lpc::rt;

namespace {

struct Functions {
  decltype(&lpc_abi_version) abiVersion = nullptr;
  decltype(&lpc_model_open) open = nullptr;
  decltype(&lpc_model_close) close = nullptr;
  decltype(&lpc_model_num_inputs) numInputs = nullptr;
  decltype(&lpc_model_num_outputs) numOutputs = nullptr;
  decltype(&lpc_model_input) input = nullptr;
  decltype(&lpc_model_output) output = nullptr;
  decltype(&lpc_run) run = nullptr;
  decltype(&lpc_last_error) lastError = nullptr;
  decltype(&lpc_manifest_json) manifest = nullptr;
  decltype(&lpc_set_observer) setObserver = nullptr;
};

template <typename Fn> bool resolve(void *library, const char *name, Fn &function) {
  function = reinterpret_cast<Fn>(dlsym(library, name));
  return function != nullptr;
}

TensorInfo infoOf(const lpc_tensor_info &raw) {
  TensorInfo info{raw.name, raw.dtype, std::vector<int64_t>(raw.dims, raw.dims + raw.rank), {}};
  for (int32_t d = 0; d < raw.rank; ++d)
    info.dimNames.push_back(raw.dim_names[d] ? raw.dim_names[d] : "");
  return info;
}

std::string listNames(const std::vector<TensorInfo> &infos) {
  std::string text;
  for (size_t i = 0; i < infos.size() && i < 10; ++i)
    text += (i ? ", '" : "'") + infos[i].name + "'";
  return infos.size() > 10 ? text + ", ..." : text;
}

} // namespace

struct ModelHandle::Impl {
  void *library = nullptr;
  lpc_model *model = nullptr;
  Functions fn;
  std::vector<TensorInfo> inputs, outputs;
  Observer observer;

  ~Impl() {
    if (model)
      fn.close(model);
    if (library)
      dlclose(library);
  }

  Status resolveAll(const std::string &path) {
    if (!resolve(library, "lpc_abi_version", fn.abiVersion))
      return Error{"'" + path + "' is not a model compiled by lpc: it has no lpc_abi_version"};
    if (uint32_t version = fn.abiVersion(); version != LPC_ABI_VERSION)
      return Error{"'" + path + "' has version " + std::to_string(version) +
                   " of the C ABI, but version " + std::to_string(LPC_ABI_VERSION) +
                   " is needed: compile the model again"};
    bool ok = resolve(library, "lpc_model_open", fn.open) &&
              resolve(library, "lpc_model_close", fn.close) &&
              resolve(library, "lpc_model_num_inputs", fn.numInputs) &&
              resolve(library, "lpc_model_num_outputs", fn.numOutputs) &&
              resolve(library, "lpc_model_input", fn.input) &&
              resolve(library, "lpc_model_output", fn.output) &&
              resolve(library, "lpc_run", fn.run) &&
              resolve(library, "lpc_last_error", fn.lastError) &&
              resolve(library, "lpc_manifest_json", fn.manifest) &&
              resolve(library, "lpc_set_observer", fn.setObserver);
    if (!ok)
      return Error{"'" + path + "' is not a complete model: a function of the C ABI is missing"};
    return {};
  }

  Status describe() {
    lpc_tensor_info info;
    for (size_t i = 0, e = fn.numInputs(model); i < e; ++i) {
      if (fn.input(model, i, &info) != LPC_OK)
        return Error{fn.lastError(model)};
      inputs.push_back(infoOf(info));
    }
    for (size_t i = 0, e = fn.numOutputs(model); i < e; ++i) {
      if (fn.output(model, i, &info) != LPC_OK)
        return Error{fn.lastError(model)};
      outputs.push_back(infoOf(info));
    }
    return {};
  }
};

std::string TensorInfo::text() const {
  std::string result = name + ": " + dtypeName(dtype) + "[";
  for (size_t d = 0; d < dims.size(); ++d) {
    result += d ? ", " : "";
    if (dims[d] >= 0)
      result += std::to_string(dims[d]);
    else
      result += dimNames[d].empty() ? "?" : dimNames[d];
  }
  return result + "]";
}

ModelHandle::ModelHandle(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
ModelHandle::ModelHandle(ModelHandle &&) noexcept = default;
ModelHandle &ModelHandle::operator=(ModelHandle &&) noexcept = default;
ModelHandle::~ModelHandle() = default;

namespace {
/// The bytes of a file, mapped.
struct MappedFile {
  const char *data = nullptr;
  size_t bytes = 0;

  explicit MappedFile(const std::string &path) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size > 0) {
      void *map = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
      if (map != MAP_FAILED) {
        data = static_cast<const char *>(map);
        bytes = info.st_size;
      }
    }
    if (fd >= 0)
      ::close(fd);
  }
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile() {
    if (data)
      munmap(const_cast<char *>(data), bytes);
  }
  /// Whether `count` entries of `each` bytes at `offset` lie inside.
  bool holds(uint64_t offset, uint64_t count, uint64_t each) const {
    return offset <= bytes && count <= (bytes - offset) / each;
  }
};
} // namespace

/// Whether the file is whole: the loader would map what is missing and fault later, and code of
/// which a bit is wrong does anything. A file that another tool has changed on purpose (strip) has
/// lost its seal; then only the bounds are checked.
static Status checkWhole(const std::string &path) {
  MappedFile file(path);
  Elf64_Ehdr header;
  if (file.bytes >= sizeof(header))
    memcpy(&header, file.data, sizeof(header));
  if (file.bytes < sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64)
    return Error{"'" + path + "' is not a compiled model: it is no 64-bit ELF file"};
  Error truncated{"'" + path +
                  "' is truncated or damaged: parts that its header names are missing"};
  if (header.e_phentsize != sizeof(Elf64_Phdr) ||
      !file.holds(header.e_phoff, header.e_phnum, sizeof(Elf64_Phdr)) ||
      !file.holds(header.e_shoff, header.e_shnum, sizeof(Elf64_Shdr)))
    return truncated;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    memcpy(&segment, file.data + header.e_phoff + i * sizeof(segment), sizeof(segment));
    if (!file.holds(segment.p_offset, segment.p_filesz, 1))
      return truncated;
  }
  lpc_seal seal, found;
  size_t bytes = file.bytes - sizeof(seal);
  memcpy(&seal, file.data + bytes, sizeof(seal));
  if (memcmp(seal.magic, LPC_SEAL_MAGIC, sizeof(seal.magic)) != 0)
    return {};
  found = lpc_make_seal(file.data, bytes);
  if (seal.bytes != found.bytes || seal.content != found.content)
    return Error{"'" + path + "' is damaged: its bytes do not have the checksum at its end"};
  return {};
}

Result<ModelHandle> ModelHandle::open(const std::string &path, const OpenOptions &options) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0)
    return Error{"'" + path + "' does not exist"};
  if (!S_ISREG(info.st_mode))
    return Error{"'" + path + "' is not a file"};
  if (Status whole = checkWhole(path); !whole)
    return Error{whole.error()};
  auto impl = std::make_unique<Impl>();
  // Without a slash dlopen would search the system's folders.
  std::string file = path.find('/') == path.npos ? "./" + path : path;
  impl->library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!impl->library) {
    const char *reason = dlerror();
    return Error{"cannot load '" + path + "' as a model: " + (reason ? reason : "unknown reason")};
  }
  if (Status status = impl->resolveAll(path); !status)
    return status;
  lpc_open_options raw = {};
  raw.struct_size = sizeof(raw);
  raw.threads = options.threads;
  raw.weights_path = options.weightsPath.empty() ? nullptr : options.weightsPath.c_str();
  if (impl->fn.open(&raw, &impl->model) != LPC_OK)
    return Error{"cannot open '" + path + "': " + impl->fn.lastError(nullptr)};
  if (Status status = impl->describe(); !status)
    return status;
  return ModelHandle(std::move(impl));
}

const std::vector<TensorInfo> &ModelHandle::inputs() const { return impl->inputs; }
const std::vector<TensorInfo> &ModelHandle::outputs() const { return impl->outputs; }
std::string ModelHandle::manifest() const { return impl->fn.manifest(impl->model); }

Status ModelHandle::runRaw(std::span<const lpc_tensor> inputs, std::span<lpc_tensor> outputs) {
  lpc_status status =
      impl->fn.run(impl->model, inputs.data(), inputs.size(), outputs.data(), outputs.size());
  if (status == LPC_OK)
    return {};
  std::string sentence = impl->fn.lastError(impl->model);
  return Error{sentence.empty() ? "lpc_run failed with status " + std::to_string(status)
                                : sentence};
}

Result<std::vector<HostTensor>> ModelHandle::run(std::span<const HostTensor> inputs) {
  std::vector<lpc_tensor> in, out(impl->outputs.size());
  in.reserve(inputs.size());
  for (const HostTensor &input : inputs) {
    if (input.shape.size() > LPC_MAX_RANK)
      return Error{"rank " + std::to_string(input.shape.size()) + " is above the limit of " +
                   std::to_string(LPC_MAX_RANK)};
    in.push_back(const_cast<HostTensor &>(input).view()); // a run does not write to its inputs
  }
  if (Status status = runRaw(in, out); !status)
    return status;
  std::vector<HostTensor> results;
  results.reserve(out.size());
  for (const lpc_tensor &tensor : out)
    results.push_back(HostTensor::copyOf(tensor));
  return results;
}

Result<std::vector<NamedTensor>> ModelHandle::run(std::span<const NamedTensor> inputs) {
  std::vector<std::optional<HostTensor>> slots(impl->inputs.size());
  for (const NamedTensor &input : inputs) {
    size_t i = 0;
    while (i < slots.size() && impl->inputs[i].name != input.name)
      ++i;
    if (i == slots.size())
      return Error{"the model has no input '" + input.name + "': it has " +
                   listNames(impl->inputs)};
    if (slots[i])
      return Error{"input '" + input.name + "' is given twice"};
    slots[i] = input.tensor;
  }
  std::vector<HostTensor> ordered;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i])
      return Error{"input '" + impl->inputs[i].text() + "' is missing"};
    ordered.push_back(std::move(*slots[i]));
  }
  auto results = run(std::span<const HostTensor>(ordered));
  if (!results)
    return results.takeError();
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < results->size(); ++i)
    named.push_back({impl->outputs[i].name, std::move((*results)[i])});
  return named;
}

Status ModelHandle::setObserver(Observer observer) {
  impl->observer = std::move(observer);
  auto call = [](void *user, int32_t id, const float *data, int64_t n, int64_t inner) {
    static_cast<Impl *>(user)->observer(id, data, n, inner);
  };
  lpc_status status = impl->observer ? impl->fn.setObserver(impl->model, call, impl.get())
                                     : impl->fn.setObserver(impl->model, nullptr, nullptr);
  if (status != LPC_OK)
    return Error{"the observer cannot be set while the model runs"};
  return {};
}
