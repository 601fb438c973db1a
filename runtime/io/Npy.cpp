// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Npy.cpp: .npy files. The header is a Python dictionary; only the three keys that NumPy writes are
// understood.
#include "lpc-runtime/io/Npy.h"

#include "Support.h"
#include "lpc-runtime/io/TensorProto.h"

#include <algorithm>
#include <charconv>
#include <cstring>

using namespace lpc::rt;

namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicBytes = 6;
constexpr size_t kMaxHeaderBytes = size_t(1) << 16;

struct Header {
  int32_t dtype = 0;
  bool swapBytes = false, fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the dictionary. Every method returns false at the first thing that it does not expect.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  bool parse(std::string &descr, Header &header) {
    bool seenDescr = false, seenOrder = false, seenShape = false;
    if (!take('{'))
      return false;
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return false;
      bool ok = key == "descr" ? !std::exchange(seenDescr, true) && string(descr)
                : key == "fortran_order"
                    ? !std::exchange(seenOrder, true) && boolean(header.fortranOrder)
                : key == "shape" ? !std::exchange(seenShape, true) && tuple(header.shape)
                                 : false;
      if (!ok)
        return false;
      if (take(','))
        continue;
      if (!take('}'))
        return false;
      break;
    }
    skipSpace();
    return text.empty() && seenDescr && seenOrder && seenShape;
  }

private:
  void skipSpace() {
    while (!text.empty() && (text[0] == ' ' || text[0] == '\n' || text[0] == '\t'))
      text.remove_prefix(1);
  }
  bool take(char c) {
    skipSpace();
    if (text.empty() || text[0] != c)
      return false;
    text.remove_prefix(1);
    return true;
  }
  bool string(std::string &result) {
    skipSpace();
    if (text.empty() || (text[0] != '\'' && text[0] != '"'))
      return false;
    size_t end = text.find(text[0], 1);
    if (end == text.npos)
      return false;
    result = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool &result) {
    skipSpace();
    for (bool value : {false, true}) {
      std::string_view word = value ? "True" : "False";
      if (!text.starts_with(word))
        continue;
      text.remove_prefix(word.size());
      result = value;
      return true;
    }
    return false;
  }
  bool tuple(std::vector<int64_t> &result) {
    if (!take('('))
      return false;
    while (!take(')')) {
      skipSpace();
      int64_t value = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || value < 0)
        return false;
      text.remove_prefix(size_t(end - text.data()));
      if (!text.empty() && text[0] == 'L') // Python 2's long
        text.remove_prefix(1);
      result.push_back(value);
      if (take(','))
        continue;
      return take(')');
    }
    return true;
  }
  std::string_view text;
};

struct Descr {
  const char *name;
  int32_t dtype;
};
constexpr Descr kDescrs[] = {
    {"b1", LPC_DTYPE_BOOL}, {"i1", LPC_DTYPE_I8},  {"i2", LPC_DTYPE_I16},    {"i4", LPC_DTYPE_I32},
    {"i8", LPC_DTYPE_I64},  {"u1", LPC_DTYPE_U8},  {"u2", LPC_DTYPE_U16},    {"u4", LPC_DTYPE_U32},
    {"u8", LPC_DTYPE_U64},  {"f2", LPC_DTYPE_F16}, {"f4", LPC_DTYPE_F32},    {"f8", LPC_DTYPE_F64},
    {"V1", LPC_DTYPE_U8},   {"V2", LPC_DTYPE_U16}, {"f1", LPC_DTYPE_F8E5M2}, {"?", LPC_DTYPE_BOOL}};

bool parseDescr(std::string_view descr, Header &header) {
  if (!descr.empty() &&
      (descr[0] == '<' || descr[0] == '>' || descr[0] == '|' || descr[0] == '=')) {
    header.swapBytes = descr[0] == '>';
    descr.remove_prefix(1);
  }
  for (const Descr &entry : kDescrs)
    if (descr == entry.name)
      header.dtype = entry.dtype;
  return header.dtype != 0;
}

/// Fortran order to row-major.
void transpose(HostTensor &tensor) {
  size_t width = size_t(dtypeBits(tensor.dtype)) / 8, rank = tensor.shape.size();
  std::vector<uint8_t> result(tensor.bytes.size());
  std::vector<int64_t> strides(rank), index(rank, 0);
  int64_t stride = 1;
  for (size_t d = 0; d < rank; ++d) {
    strides[d] = stride;
    stride *= tensor.shape[d];
  }
  int64_t from = 0;
  for (size_t to = 0; to < result.size(); to += width) {
    std::memcpy(&result[to], &tensor.bytes[size_t(from) * width], width);
    for (size_t d = rank; d-- > 0;) {
      from += strides[d];
      if (++index[d] < tensor.shape[d])
        break;
      from -= strides[d] * tensor.shape[d];
      index[d] = 0;
    }
  }
  tensor.bytes = std::move(result);
}

void swapElements(HostTensor &tensor) {
  size_t width = size_t(dtypeBits(tensor.dtype)) / 8;
  for (size_t i = 0; i < tensor.bytes.size(); i += width)
    std::reverse(tensor.bytes.begin() + ptrdiff_t(i), tensor.bytes.begin() + ptrdiff_t(i + width));
}

/// The descr and the bytes of one element for each type that a file can hold.
const char *descrOf(int32_t dtype) {
  switch (dtype) {
  case LPC_DTYPE_BOOL:
    return "|b1";
  case LPC_DTYPE_U8:
  case LPC_DTYPE_U4:
  case LPC_DTYPE_U2:
    return "|u1";
  case LPC_DTYPE_I8:
  case LPC_DTYPE_I4:
  case LPC_DTYPE_I2:
    return "|i1";
  case LPC_DTYPE_U16:
    return "<u2";
  case LPC_DTYPE_I16:
    return "<i2";
  case LPC_DTYPE_U32:
    return "<u4";
  case LPC_DTYPE_I32:
    return "<i4";
  case LPC_DTYPE_U64:
    return "<u8";
  case LPC_DTYPE_I64:
    return "<i8";
  case LPC_DTYPE_F16:
    return "<f2";
  case LPC_DTYPE_F32:
    return "<f4";
  case LPC_DTYPE_F64:
    return "<f8";
  case LPC_DTYPE_BF16:
    return "<V2";
  default:
    return "|V1";
  }
}

} // namespace

Result<HostTensor> lpc::rt::parseNpy(std::span<const uint8_t> file, const std::string &where) {
  auto malformed = [&](const std::string &what) { return Error{"'" + where + "': " + what}; };
  if (file.size() < kMagicBytes + 4 || std::memcmp(file.data(), kMagic, kMagicBytes) != 0)
    return malformed("is not an .npy file");
  uint8_t version = file[kMagicBytes];
  if (version < 1 || version > 3)
    return malformed("version " + std::to_string(version) + " of .npy is not known (1 to 3 are)");
  size_t lengthBytes = version == 1 ? 2 : 4, start = kMagicBytes + 2 + lengthBytes;
  if (file.size() < start)
    return malformed("is truncated in its header");
  size_t headerBytes = 0;
  for (size_t i = 0; i < lengthBytes; ++i)
    headerBytes |= size_t(file[kMagicBytes + 2 + i]) << (8 * i);
  if (headerBytes > kMaxHeaderBytes || headerBytes > file.size() - start)
    return malformed("is truncated in its header");

  Header header;
  std::string descr;
  std::string_view text(reinterpret_cast<const char *>(file.data()) + start, headerBytes);
  if (text.find("'descr': [") != text.npos)
    return malformed("structured arrays are not supported");
  if (!HeaderParser(text).parse(descr, header))
    return malformed("has a malformed header");
  if (!parseDescr(descr, header))
    return malformed("element type '" + descr.substr(0, 32) + "' is not supported");
  if (header.shape.size() > LPC_MAX_RANK)
    return malformed("rank " + std::to_string(header.shape.size()) + " is above the limit of " +
                     std::to_string(LPC_MAX_RANK));
  auto count = countElements(header.shape);
  if (!count)
    return malformed(count.error());
  auto bytes = packedBytes(header.dtype, *count);
  if (!bytes)
    return malformed(bytes.error());
  std::span<const uint8_t> data = file.subspan(start + headerBytes);
  if (data.size() != uint64_t(*bytes))
    return malformed("expected " + std::to_string(*bytes) + " bytes of data for " +
                     dtypeName(header.dtype) + " of shape " + shapeText(header.shape) +
                     ", but found " + std::to_string(data.size()));
  if (!canAllocate(data.size()))
    return malformed("does not fit into memory");

  HostTensor tensor(header.dtype, std::move(header.shape),
                    std::vector<uint8_t>(data.begin(), data.end()));
  if (header.swapBytes)
    swapElements(tensor);
  if (header.fortranOrder && tensor.shape.size() > 1)
    transpose(tensor);
  if (tensor.dtype ==
      LPC_DTYPE_BOOL) // any other byte than 0 and 1 would be undefined in compiled code
    for (uint8_t &byte : tensor.bytes)
      byte = byte != 0;
  return tensor;
}

Result<HostTensor> lpc::rt::readNpy(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  return parseNpy(file->bytes(), path);
}

std::vector<uint8_t> lpc::rt::formatNpy(const HostTensor &tensor) {
  std::string dict =
      std::string("{'descr': '") + descrOf(tensor.dtype) + "', 'fortran_order': False, 'shape': (";
  for (size_t d = 0; d < tensor.shape.size(); ++d)
    dict += (d ? ", " : "") + std::to_string(tensor.shape[d]);
  dict += tensor.shape.size() == 1 ? ",), }" : "), }";
  // Magic, version, length, dictionary and the final newline end on a multiple of 64. Rank 16 stays
  // below 64 KiB.
  size_t prefix = kMagicBytes + 2 + 2;
  dict.append((64 - (prefix + dict.size() + 1) % 64) % 64, ' ');
  dict += '\n';

  std::vector<uint8_t> file(kMagic, kMagic + kMagicBytes);
  file.insert(file.end(), {1, 0, uint8_t(dict.size() & 0xff), uint8_t(dict.size() >> 8)});
  file.insert(file.end(), dict.begin(), dict.end());
  int width = dtypeBits(tensor.dtype);
  if (width >= 8) {
    file.insert(file.end(), tensor.bytes.begin(), tensor.bytes.end());
    return file;
  }
  for (int64_t i = 0, e = tensor.numElements(); i < e; ++i) {
    uint64_t bits = tensor.bitsAt(i);
    if (isSignedIntDType(tensor.dtype))
      bits = uint64_t(int64_t(bits << (64 - width)) >> (64 - width));
    file.push_back(uint8_t(bits));
  }
  return file;
}

Status lpc::rt::writeNpy(const std::string &path, const HostTensor &tensor) {
  return writeFile(path, formatNpy(tensor));
}

Result<HostTensor> lpc::rt::readTensorFile(const std::string &path) {
  if (endsWith(path, ".npy"))
    return readNpy(path);
  if (endsWith(path, ".pb")) {
    auto tensor = readTensorProto(path);
    return tensor ? Result<HostTensor>(std::move(tensor->tensor)) : tensor.takeError();
  }
  if (!endsWith(path, ".npz"))
    return Error{"'" + path + "': expected a file named *.npy, *.npz or *.pb"};
  auto names = listNpz(path);
  if (!names)
    return names.takeError();
  if (names->size() != 1)
    return Error{"'" + path + "': expected a single array, but found " +
                 std::to_string(names->size())};
  return readNpzEntry(path, names->front());
}
