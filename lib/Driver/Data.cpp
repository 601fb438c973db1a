// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Data for models.
#include "Data.h"

#include "lpc-runtime/io/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstring>

using namespace lpc;
using namespace lpc::driver;
using llvm::StringRef;

rt::Result<std::vector<uint8_t>> driver::readBytes(const std::string &path) {
  auto buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return rt::Error{"cannot read '" + path + "': " + buffer.getError().message()};
  StringRef text = (*buffer)->getBuffer();
  return std::vector<uint8_t>(text.bytes_begin(), text.bytes_end());
}

rt::HostTensor driver::tokens(const std::vector<uint8_t> &text, size_t begin, int64_t rows,
                              int64_t window) {
  std::vector<int64_t> ids(text.begin() + begin, text.begin() + begin + rows * window);
  std::vector<uint8_t> bytes(ids.size() * sizeof(int64_t));
  memcpy(bytes.data(), ids.data(), bytes.size());
  return rt::HostTensor(LPC_DTYPE_I64, {rows, window}, std::move(bytes));
}

const rt::TensorInfo *driver::tokenInput(const std::vector<rt::TensorInfo> &inputs) {
  for (const rt::TensorInfo &i : inputs)
    if (i.dtype == LPC_DTYPE_I64 || i.dtype == LPC_DTYPE_I32)
      return &i;
  return nullptr;
}

rt::Result<rt::HostTensor> driver::sliceRows(const rt::HostTensor &t, int64_t begin, int64_t n) {
  if (t.shape.empty() || rt::dtypeBits(t.dtype) < 8)
    return rt::Error{"samples need an axis of their own and elements of at least 8 bits"};
  size_t row = t.shape[0] ? t.bytes.size() / t.shape[0] : 0;
  std::vector<int64_t> shape = t.shape;
  shape[0] = n;
  return rt::HostTensor(
      t.dtype, shape,
      std::vector<uint8_t>(t.bytes.begin() + begin * row, t.bytes.begin() + (begin + n) * row));
}

static const rt::NamedTensor *find(const std::vector<rt::NamedTensor> &list, StringRef name) {
  for (const rt::NamedTensor &t : list)
    if (t.name == name)
      return &t;
  return nullptr;
}

rt::Result<rt::HostTensor> driver::emptyInput(const rt::TensorInfo &info,
                                              const std::vector<rt::TensorInfo> &inputs,
                                              const std::vector<rt::NamedTensor> &known) {
  std::vector<int64_t> shape;
  for (auto [axis, size] : llvm::enumerate(info.dims)) {
    int64_t d = size;
    if (d < 0) {
      d = 0;
      for (const rt::TensorInfo &other : inputs) {
        const rt::NamedTensor *t = find(known, other.name);
        for (size_t i = 0; t && i < other.dimNames.size() && i < t->tensor.shape.size(); ++i)
          if (!other.dimNames[i].empty() && axis < info.dimNames.size() &&
              other.dimNames[i] == info.dimNames[axis])
            d = t->tensor.shape[i];
      }
    }
    shape.push_back(d);
  }
  return rt::HostTensor::zeros(info.dtype, shape);
}

rt::Status driver::addEmptyInputs(std::vector<rt::NamedTensor> &given,
                                  const std::vector<rt::TensorInfo> &inputs) {
  std::vector<rt::NamedTensor> known = given;
  for (const rt::TensorInfo &info : inputs) {
    if (find(known, info.name))
      continue;
    rt::Result<rt::HostTensor> empty = emptyInput(info, inputs, known);
    if (!empty)
      return empty.takeError();
    given.push_back({info.name, std::move(*empty)});
  }
  return {};
}

rt::Result<DataSource> DataSource::open(StringRef spec, const std::vector<rt::TensorInfo> &inputs,
                                        int64_t window) {
  DataSource source;
  source.inputs = inputs;
  // The last colon that is followed by no slash separates the names: paths may hold colons.
  size_t colon = spec.rfind(':');
  StringRef path = spec, names;
  if (colon != StringRef::npos && !spec.drop_front(colon).contains('/')) {
    path = spec.take_front(colon);
    names = spec.drop_front(colon + 1);
  }
  llvm::SmallVector<StringRef> pairs;
  names.split(pairs, ',', -1, /*KeepEmpty=*/false);
  auto infoOf = [&](StringRef name) -> const rt::TensorInfo * {
    for (const rt::TensorInfo &i : source.inputs)
      if (i.name == name)
        return &i;
    return nullptr;
  };
  auto add = [&](const rt::TensorInfo &info, rt::HostTensor tensor) -> rt::Status {
    rt::Result<rt::HostTensor> adapted = rt::adapt(std::move(tensor), info.dtype);
    if (!adapted)
      return rt::Error{"input '" + info.name + "': " + adapted.error()};
    if (adapted->shape.size() != info.dims.size() || adapted->shape.empty())
      return rt::Error{"input '" + info.name + "' is " + info.text() +
                       ", but the array has shape " + rt::shapeText(adapted->shape)};
    int64_t rows = adapted->shape[0];
    if (!source.arrays.empty() && rows != source.samples)
      return rt::Error{"arrays have " + std::to_string(source.samples) + " and " +
                       std::to_string(rows) + " samples"};
    source.samples = rows;
    if (info.dims[0] > 0)
      source.fixedBatch = info.dims[0];
    source.arrays.push_back({info.name, std::move(*adapted)});
    return {};
  };
  std::string known;
  for (const rt::TensorInfo &i : inputs)
    known += (known.empty() ? "" : ", ") + i.name;
  if (path.ends_with(".npz") || path.ends_with(".npy")) {
    if (pairs.empty())
      for (const rt::TensorInfo &i : source.inputs)
        pairs.push_back(i.name);
    for (StringRef pair : pairs) {
      auto [input, array] = pair.split('=');
      const rt::TensorInfo *info = infoOf(input);
      if (!info)
        return rt::Error{"the model has no input '" + input.str() + "'; its inputs: " + known};
      rt::Result<rt::HostTensor> t =
          path.ends_with(".npy")
              ? rt::readNpy(path.str())
              : rt::readNpzEntry(path.str(), (array.empty() ? input : array).str());
      if (!t)
        return t.takeError();
      if (rt::Status s = add(*info, std::move(*t)); !s)
        return rt::Error{s.error()};
    }
  } else {
    const rt::TensorInfo *info = names.empty() ? tokenInput(source.inputs) : infoOf(names);
    if (!info)
      return rt::Error{"the model has no input '" + names.str() +
                       "' for text; its inputs: " + known};
    rt::Result<std::vector<uint8_t>> text = readBytes(path.str());
    if (!text)
      return text.takeError();
    if (info->dims.size() == 2 && info->dims[1] > 0)
      window = info->dims[1];
    int64_t rows = static_cast<int64_t>(text->size()) / window;
    if (rows == 0)
      return rt::Error{"'" + path.str() + "' is shorter than one window of " +
                       std::to_string(window) + " bytes"};
    if (rt::Status s = add(*info, tokens(*text, 0, rows, window)); !s)
      return rt::Error{s.error()};
  }
  return source;
}

rt::Result<std::vector<rt::NamedTensor>> DataSource::batch(int64_t begin, int64_t n) const {
  if (fixedBatch > 0 && n < fixedBatch)
    return rt::Error{"the model takes " + std::to_string(fixedBatch) +
                     " samples at once, but only " + std::to_string(n) + " are left"};
  std::vector<rt::NamedTensor> result;
  for (const rt::NamedTensor &a : arrays) {
    rt::Result<rt::HostTensor> rows = sliceRows(a.tensor, begin, n);
    if (!rows)
      return rows.takeError();
    result.push_back({a.name, std::move(*rows)});
  }
  if (rt::Status s = addEmptyInputs(result, inputs); !s)
    return rt::Error{s.error()};
  return result;
}
