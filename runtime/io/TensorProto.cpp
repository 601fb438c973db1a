// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorProto.cpp: a wire-format reader for exactly one message. Field numbers are those of
// onnx.proto's TensorProto.
#include "lpc-runtime/io/TensorProto.h"

#include "Support.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <dirent.h>

using namespace lpc::rt;

namespace {

using Bytes = std::span<const uint8_t>;

enum Field : uint64_t {
  Dims = 1,
  DataType = 2,
  Segment = 3,
  FloatData = 4,
  Int32Data = 5,
  StringData = 6,
  Int64Data = 7,
  Name = 8,
  RawData = 9,
  DoubleData = 10,
  Uint64Data = 11,
  ExternalData = 13,
  DataLocation = 14
};

enum Wire : uint64_t { Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5 };

bool readVarint(Bytes &in, uint64_t &value) {
  value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    uint8_t byte = in[0];
    in = in.subspan(1);
    value |= uint64_t(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return true;
  }
  return false;
}

bool readDelimited(Bytes &in, Bytes &value) {
  uint64_t size;
  if (!readVarint(in, size) || size > in.size())
    return false;
  value = in.first(size_t(size));
  in = in.subspan(size_t(size));
  return true;
}

bool readFixed(Bytes &in, int width, uint64_t &value) {
  if (in.size() < size_t(width))
    return false;
  value = 0;
  std::memcpy(&value, in.data(), size_t(width));
  in = in.subspan(size_t(width));
  return true;
}

/// A repeated number, packed or one by one. Numbers stay in the file's memory: the lists hold at
/// most one entry for each byte of the file.
struct Numbers {
  std::vector<uint64_t> values;

  bool append(Bytes &in, uint64_t wire, Wire element) {
    uint64_t value;
    if (wire == element)
      return one(in, element, value) && (values.push_back(value), true);
    Bytes packed;
    if (wire != Delimited || !readDelimited(in, packed))
      return false;
    while (!packed.empty()) {
      if (!one(packed, element, value))
        return false;
      values.push_back(value);
    }
    return true;
  }

private:
  static bool one(Bytes &in, Wire element, uint64_t &value) {
    return element == Varint    ? readVarint(in, value)
           : element == Fixed32 ? readFixed(in, 4, value)
                                : readFixed(in, 8, value);
  }
};

struct Proto {
  Numbers dims, floats, ints, longs, doubles, unsignedLongs;
  uint64_t dataType = 0, location = 0;
  bool hasSegment = false, hasStrings = false, hasExternal = false, hasRaw = false;
  Bytes name, raw;
};

bool skip(Bytes &in, uint64_t wire) {
  uint64_t ignored;
  Bytes ignoredBytes;
  switch (wire) {
  case Varint:
    return readVarint(in, ignored);
  case Fixed64:
    return readFixed(in, 8, ignored);
  case Delimited:
    return readDelimited(in, ignoredBytes);
  case Fixed32:
    return readFixed(in, 4, ignored);
  default:
    return false;
  }
}

bool readField(Bytes &in, uint64_t field, uint64_t wire, Proto &proto) {
  switch (field) {
  case Dims:
    return proto.dims.append(in, wire, Varint) && proto.dims.values.size() <= 4096;
  case DataType:
    return wire == Varint && readVarint(in, proto.dataType);
  case FloatData:
    return proto.floats.append(in, wire, Fixed32);
  case Int32Data:
    return proto.ints.append(in, wire, Varint);
  case Int64Data:
    return proto.longs.append(in, wire, Varint);
  case DoubleData:
    return proto.doubles.append(in, wire, Fixed64);
  case Uint64Data:
    return proto.unsignedLongs.append(in, wire, Varint);
  case Name:
    return wire == Delimited && readDelimited(in, proto.name);
  case RawData:
    proto.hasRaw = true;
    return wire == Delimited && readDelimited(in, proto.raw);
  case DataLocation:
    return wire == Varint && readVarint(in, proto.location);
  case Segment:
    proto.hasSegment = true;
    return skip(in, wire);
  case StringData:
    proto.hasStrings = true;
    return skip(in, wire);
  case ExternalData:
    proto.hasExternal = true;
    return skip(in, wire);
  default:
    return skip(in, wire);
  }
}

bool parseProto(Bytes in, Proto &proto) {
  while (!in.empty()) {
    uint64_t key;
    if (!readVarint(in, key) || !(key >> 3) || !readField(in, key >> 3, key & 7, proto))
      return false;
  }
  return true;
}

/// The typed field that holds the type's elements.
const Numbers &typedField(const Proto &proto, int32_t dtype) {
  switch (dtype) {
  case LPC_DTYPE_F32:
    return proto.floats;
  case LPC_DTYPE_F64:
    return proto.doubles;
  case LPC_DTYPE_I64:
    return proto.longs;
  case LPC_DTYPE_U32:
  case LPC_DTYPE_U64:
    return proto.unsignedLongs;
  default:
    return proto.ints;
  }
}

/// Stores one entry of a typed field; false if it is out of range. Narrow types are packed already:
/// one entry is a byte.
bool storeEntry(uint64_t value, int32_t dtype, size_t width, uint8_t *to) {
  if (width < 4) { // int32_data of a narrow type
    int64_t number = int64_t(value), limit = int64_t(1) << (8 * width);
    bool isSigned = isSignedIntDType(dtype) && dtypeBits(dtype) >= 8;
    int64_t low = isSigned ? -limit / 2 : 0, high = isSigned ? limit / 2 : limit;
    if (number < low || number >= high)
      return false;
  }
  if (dtype == LPC_DTYPE_I32 && int64_t(value) != int64_t(int32_t(value)))
    return false;
  if (dtype == LPC_DTYPE_U32 && value > UINT32_MAX)
    return false;
  std::memcpy(to, &value, width);
  return true;
}

void putVarint(std::vector<uint8_t> &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(uint8_t(value | 0x80));
  out.push_back(uint8_t(value));
}

void putDelimited(std::vector<uint8_t> &out, Field field, Bytes bytes) {
  putVarint(out, field << 3 | Delimited);
  putVarint(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The number in "<prefix><number>.pb"; -1 for other names.
int64_t fileIndex(std::string_view file, std::string_view prefix) {
  if (!file.starts_with(prefix) || !file.ends_with(".pb"))
    return -1;
  std::string_view digits = file.substr(prefix.size(), file.size() - prefix.size() - 3);
  int64_t index = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  return error == std::errc() && end == digits.data() + digits.size() && index >= 0 ? index : -1;
}

Result<std::vector<NamedTensor>> readSeries(const std::string &folder, std::string_view prefix,
                                            const std::vector<std::string> &files) {
  std::vector<std::pair<int64_t, std::string>> series;
  for (const std::string &file : files)
    if (int64_t index = fileIndex(file, prefix); index >= 0)
      series.emplace_back(index, file);
  std::sort(series.begin(), series.end());
  std::vector<NamedTensor> tensors;
  for (const auto &[index, file] : series) {
    if (index != int64_t(tensors.size()))
      return Error{"'" + folder + "': expected '" + std::string(prefix) +
                   std::to_string(tensors.size()) + ".pb', but the next file is '" + file + "'"};
    auto tensor = readTensorProto(folder + "/" + file);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

} // namespace

Result<NamedTensor> lpc::rt::parseTensorProto(std::span<const uint8_t> file,
                                              const std::string &where) {
  auto malformed = [&](const std::string &what) { return Error{"'" + where + "': " + what}; };
  Proto proto;
  if (!parseProto(file, proto))
    return malformed("is not a TensorProto, or is damaged");
  if (proto.hasStrings || proto.dataType == 8)
    return malformed("string tensors are not supported");
  if (proto.hasSegment)
    return malformed("tensors in segments are not supported");
  if (proto.hasExternal || proto.location == 1)
    return malformed("tensors with external data are not supported here");
  int32_t dtype = proto.dataType < 64 ? int32_t(proto.dataType) : 0;
  if (!dtypeBits(dtype))
    return malformed("element type " + std::to_string(proto.dataType) + " is not supported");
  if (proto.dims.values.size() > LPC_MAX_RANK)
    return malformed("rank " + std::to_string(proto.dims.values.size()) +
                     " is above the limit of " + std::to_string(LPC_MAX_RANK));
  std::vector<int64_t> shape(proto.dims.values.begin(), proto.dims.values.end());
  auto count = countElements(shape);
  if (!count)
    return malformed(count.error());
  auto bytes = packedBytes(dtype, *count);
  if (!bytes)
    return malformed(bytes.error());

  std::string name(proto.name.begin(), proto.name.end());
  if (proto.hasRaw) {
    if (proto.raw.size() != uint64_t(*bytes))
      return malformed("expected " + std::to_string(*bytes) + " bytes of data for " +
                       dtypeName(dtype) + " of shape " + shapeText(shape) + ", but found " +
                       std::to_string(proto.raw.size()));
    HostTensor tensor(dtype, std::move(shape),
                      std::vector<uint8_t>(proto.raw.begin(), proto.raw.end()));
    if (dtype == LPC_DTYPE_BOOL)
      for (uint8_t &byte : tensor.bytes)
        byte = byte != 0;
    return NamedTensor{std::move(name), std::move(tensor)};
  }

  size_t width = dtypeBits(dtype) < 8 ? 1 : size_t(dtypeBits(dtype)) / 8;
  const Numbers &field = typedField(proto, dtype);
  if (field.values.size() != uint64_t(*bytes) / width)
    return malformed("expected " + std::to_string(uint64_t(*bytes) / width) +
                     " entries of data for " + dtypeName(dtype) + " of shape " + shapeText(shape) +
                     ", but found " + std::to_string(field.values.size()));
  HostTensor tensor(dtype, std::move(shape), std::vector<uint8_t>(size_t(*bytes)));
  for (size_t i = 0; i < field.values.size(); ++i) {
    uint64_t value = dtype == LPC_DTYPE_BOOL ? field.values[i] != 0 : field.values[i];
    if (!storeEntry(value, dtype, width, &tensor.bytes[i * width]))
      return malformed("entry " + std::to_string(i) + " (" + std::to_string(int64_t(value)) +
                       ") does not fit " + dtypeName(dtype));
  }
  return NamedTensor{std::move(name), std::move(tensor)};
}

Result<NamedTensor> lpc::rt::readTensorProto(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  return parseTensorProto(file->bytes(), path);
}

std::vector<uint8_t> lpc::rt::formatTensorProto(const NamedTensor &tensor) {
  std::vector<uint8_t> out;
  for (int64_t dim : tensor.tensor.shape) {
    putVarint(out, Dims << 3 | Varint);
    putVarint(out, uint64_t(dim));
  }
  putVarint(out, DataType << 3 | Varint);
  putVarint(out, uint64_t(tensor.tensor.dtype));
  putDelimited(out, Name,
               {reinterpret_cast<const uint8_t *>(tensor.name.data()), tensor.name.size()});
  putDelimited(out, RawData, tensor.tensor.bytes);
  return out;
}

Status lpc::rt::writeTensorProto(const std::string &path, const NamedTensor &tensor) {
  return writeFile(path, formatTensorProto(tensor));
}

Result<TestDataSet> lpc::rt::readTestDataSet(const std::string &folder) {
  DIR *directory = opendir(folder.c_str());
  if (!directory)
    return Error{"cannot open the folder '" + folder + "'"};
  std::vector<std::string> files;
  while (dirent *entry = readdir(directory))
    files.push_back(entry->d_name);
  closedir(directory);
  auto inputs = readSeries(folder, "input_", files);
  if (!inputs)
    return inputs.takeError();
  auto outputs = readSeries(folder, "output_", files);
  if (!outputs)
    return outputs.takeError();
  if (inputs->empty() && outputs->empty())
    return Error{"'" + folder +
                 "' is not a test data set: it has no input_0.pb and no output_0.pb"};
  return TestDataSet{std::move(*inputs), std::move(*outputs)};
}
