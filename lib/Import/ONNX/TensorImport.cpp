// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The places where ONNX keeps a tensor's elements (raw bytes, six typed fields, other files, sparse
// pairs), brought to one form: one element after the other, each in whole bytes.
#include "TensorImport.h"
#include "TypeImport.h"

#include "dialects/ONNX/IR/ONNXDialect.h"

#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::import;
using Tensor = onnx_pb::TensorProto;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "raw tensor data is little-endian and used in place");

/// Values of at most this many bytes are part of the IR; larger ones are resources.
static constexpr uint64_t kLargestInline = 64;

static unsigned getElementBits(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  return type.getIntOrFloatBitWidth();
}

/// Bytes that one element takes in an attribute.
static unsigned getElementBytes(Type type) { return llvm::divideCeil(getElementBits(type), 8); }

/// Alignment of an element, which is that of its parts for a complex number.
static unsigned getElementAlignment(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return getElementBytes(complex.getElementType());
  return getElementBytes(type);
}

FailureOr<RankedTensorType> TensorImport::convertShape(ArrayRef<int64_t> dims, int32_t code,
                                                       const Twine &what) {
  Type element = convertElementType(code, state.context);
  if (!element)
    return state.fail(ImportError::Kind::Unsupported, what + " has " + describeUnknownCode(code));
  unsigned __int128 product = 1;
  for (int64_t dim : dims) {
    if (dim < 0)
      return state.malformed(what + " has the negative dimension " + Twine(dim));
    product *= static_cast<uint64_t>(dim);
    if (product > (uint64_t(1) << 56))
      return state.fail(ImportError::Kind::Limit, what + " has more than 2^56 elements");
  }
  return RankedTensorType::get(dims, element);
}

/// Memory of our own for decoded elements, within the budget.
FailureOr<char *> TensorImport::allocate(uint64_t size, Elements &elements, const Twine &what) {
  if (failed(state.spend(size, what)))
    return failure();
  // One byte at least, so that empty tensors need no special case.
  auto *memory = static_cast<char *>(llvm::allocate_buffer(std::max<uint64_t>(size, 1), 64));
  elements.data = ArrayRef<char>(memory, size);
  elements.keepAlive = [memory, size](void *, size_t, size_t) {
    llvm::deallocate_buffer(memory, std::max<uint64_t>(size, 1), 64);
  };
  return memory;
}

/// Spreads 4-bit or 2-bit elements, packed low bits first, to one byte each.
LogicalResult TensorImport::unpack(StringRef packed, unsigned bits, Elements &elements,
                                   const Twine &what) {
  uint64_t count = elements.type.getNumElements();
  auto memory = allocate(count, elements, what);
  if (failed(memory))
    return failure();
  unsigned perByte = 8 / bits;
  unsigned char mask = (1u << bits) - 1;
  for (uint64_t i = 0; i < count; ++i)
    (*memory)[i] = static_cast<char>(
        (static_cast<unsigned char>(packed[i / perByte]) >> (i % perByte * bits)) & mask);
  return success();
}

namespace {

/// The typed field that holds the elements of one type, and how many entries of it a tensor needs.
enum class TypedField { Float, Int32, Int64, Double, Uint64, String };

} // namespace

static TypedField getTypedField(int32_t code) {
  switch (code) {
  case Tensor::FLOAT:
  case Tensor::COMPLEX64:
    return TypedField::Float;
  case Tensor::DOUBLE:
  case Tensor::COMPLEX128:
    return TypedField::Double;
  case Tensor::INT64:
    return TypedField::Int64;
  case Tensor::UINT32:
  case Tensor::UINT64:
    return TypedField::Uint64;
  case Tensor::STRING:
    return TypedField::String;
  default: // all types of at most 16 bits, and int32
    return TypedField::Int32;
  }
}

/// Moves a field whose entries are the elements bit for bit out of the message and uses its memory.
template <typename T>
static void takeField(google::protobuf::RepeatedField<T> *field, ArrayRef<char> &data,
                      AsmResourceBlob::DeleterFn &keepAlive) {
  auto owner = std::make_shared<google::protobuf::RepeatedField<T>>(std::move(*field));
  data = ArrayRef<char>(reinterpret_cast<const char *>(owner->data()), owner->size() * sizeof(T));
  keepAlive = [owner](void *, size_t, size_t) mutable { owner.reset(); };
}

LogicalResult TensorImport::decodeTyped(Tensor &tensor, Elements &elements, const Twine &what) {
  TypedField field = getTypedField(tensor.data_type());
  std::pair<TypedField, int> sizes[] = {{TypedField::Float, tensor.float_data_size()},
                                        {TypedField::Int32, tensor.int32_data_size()},
                                        {TypedField::Int64, tensor.int64_data_size()},
                                        {TypedField::Double, tensor.double_data_size()},
                                        {TypedField::Uint64, tensor.uint64_data_size()},
                                        {TypedField::String, tensor.string_data_size()}};
  uint64_t present = 0;
  for (auto [which, size] : sizes) {
    if (which == field)
      present = size;
    else if (size > 0)
      return state.malformed(what +
                             " has its elements in a field that does not belong to its type");
  }
  Type type = elements.type.getElementType();
  uint64_t count = elements.type.getNumElements();
  unsigned bits = getElementBits(type);
  uint64_t needed = isa<ComplexType>(type)           ? 2 * count
                    : bits < 8 && !type.isInteger(1) ? llvm::divideCeil(count, 8 / bits)
                                                     : count;
  if (present != needed)
    return state.malformed(what + " has " + Twine(present) +
                           " entries of data, but its shape and type need " + Twine(needed));

  switch (field) {
  case TypedField::Float:
    takeField(tensor.mutable_float_data(), elements.data, elements.keepAlive);
    return success();
  case TypedField::Double:
    takeField(tensor.mutable_double_data(), elements.data, elements.keepAlive);
    return success();
  case TypedField::Int64:
    takeField(tensor.mutable_int64_data(), elements.data, elements.keepAlive);
    return success();
  case TypedField::Uint64:
    if (bits == 64) {
      takeField(tensor.mutable_uint64_data(), elements.data, elements.keepAlive);
      return success();
    }
    break;
  case TypedField::Int32:
    if (bits == 32) {
      takeField(tensor.mutable_int32_data(), elements.data, elements.keepAlive);
      return success();
    }
    break;
  case TypedField::String:
    llvm_unreachable("strings are converted elsewhere");
  }

  // Narrow elements in wide entries. Signed ones are numbers, all others are bit patterns; both
  // must fit.
  bool packed = bits < 8 && !type.isInteger(1);
  unsigned entryBits = packed ? 8 : type.isInteger(1) ? 1 : bits;
  unsigned entryBytes = llvm::divideCeil(entryBits, 8);
  bool isSigned = type.isSignlessInteger() && !packed && !type.isInteger(1);
  int64_t low = isSigned ? llvm::minIntN(entryBits) : packed ? -128 : 0;
  int64_t high =
      isSigned ? llvm::maxIntN(entryBits) : static_cast<int64_t>(llvm::maxUIntN(entryBits));
  Elements entries = {elements.type, {}, {}};
  auto memory = allocate(needed * entryBytes, entries, what);
  if (failed(memory))
    return failure();
  LogicalResult result = success();
  for (uint64_t i = 0; i < needed && succeeded(result); ++i) {
    bool is64 = field == TypedField::Uint64;
    int64_t entry = is64 ? static_cast<int64_t>(tensor.uint64_data(i)) : tensor.int32_data(i);
    if (entry < low || entry > high)
      result = state.malformed(what + " has the entry " + Twine(entry) +
                               " in its data, which its element type cannot hold");
    std::memcpy(*memory + i * entryBytes, &entry, entryBytes);
  }
  if (succeeded(result) && packed)
    result = unpack(StringRef(*memory, needed), bits, elements, what);
  else if (succeeded(result))
    return elements = std::move(entries), success();
  entries.keepAlive(nullptr, 0, 0);
  return result;
}

LogicalResult TensorImport::decode(Tensor &tensor, Elements &elements, const Twine &what) {
  if (tensor.has_segment())
    return state.fail(ImportError::Kind::Unsupported,
                      what + " is stored in segments, which is not supported; store it whole");
  auto type = convertShape({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())},
                           tensor.data_type(), what);
  if (failed(type))
    return failure();
  elements.type = *type;
  Type element = type->getElementType();
  if (isa<onnx::OpaqueType>(element))
    return success();

  unsigned bits = getElementBits(element);
  bool packed = bits < 8 && !element.isInteger(1);
  // At most 2^56 elements of 16 bytes: no overflow.
  uint64_t count = type->getNumElements();
  uint64_t size = packed ? llvm::divideCeil(count, 8 / bits) : count * getElementBytes(element);

  bool isExternal = tensor.data_location() == Tensor::EXTERNAL;
  if (!isExternal && !tensor.has_raw_data())
    return decodeTyped(tensor, elements, what);
  if (tensor.float_data_size() || tensor.int32_data_size() || tensor.int64_data_size() ||
      tensor.double_data_size() || tensor.uint64_data_size() || tensor.string_data_size() ||
      (isExternal && tensor.has_raw_data()))
    return state.malformed(what + " has its elements in more than one place");

  StringRef bytes;
  AsmResourceBlob::DeleterFn keepAlive;
  if (isExternal) {
    std::shared_ptr<MappedFile> file;
    auto read = external.read(tensor, size, file, what);
    if (failed(read))
      return failure();
    bytes = *read;
    keepAlive = [file](void *, size_t, size_t) mutable { file.reset(); };
  } else {
    if (tensor.raw_data().size() != size)
      return state.malformed(what + " has " + Twine(tensor.raw_data().size()) +
                             " bytes of data, but its shape and type need " + Twine(size));
    auto owner = std::make_shared<std::string>(std::move(*tensor.mutable_raw_data()));
    bytes = *owner;
    keepAlive = [owner](void *, size_t, size_t) mutable { owner.reset(); };
  }

  if (packed) {
    LogicalResult result = unpack(bytes, bits, elements, what);
    keepAlive(nullptr, 0, 0);
    return result;
  }
  if (llvm::isAddrAligned(llvm::Align(getElementAlignment(element)), bytes.data())) {
    elements.data = ArrayRef<char>(bytes.data(), bytes.size());
    elements.keepAlive = std::move(keepAlive);
  } else {
    auto memory = allocate(size, elements, what);
    if (succeeded(memory))
      std::memcpy(*memory, bytes.data(), size);
    keepAlive(nullptr, 0, 0);
    if (failed(memory))
      return failure();
  }
  if (element.isInteger(1) && llvm::any_of(elements.data, [](char c) { return c & ~1; })) {
    elements.keepAlive(nullptr, 0, 0);
    return state.malformed(what + " has a byte other than 0 and 1 among its booleans");
  }
  return success();
}

FailureOr<ElementsAttr> TensorImport::convertStrings(const Tensor &tensor, RankedTensorType type,
                                                     const Twine &what) {
  if (tensor.has_raw_data() || tensor.data_location() == Tensor::EXTERNAL)
    return state.malformed(what + " has strings outside of its string data");
  if (tensor.string_data_size() != type.getNumElements())
    return state.malformed(what + " has " + Twine(tensor.string_data_size()) +
                           " strings, but its shape needs " + Twine(type.getNumElements()));
  SmallVector<StringRef> strings(tensor.string_data().begin(), tensor.string_data().end());
  return ElementsAttr(DenseStringElementsAttr::get(type, strings));
}

FailureOr<ElementsAttr> TensorImport::makeAttr(Elements elements, StringRef key,
                                               const Twine &what) {
  RankedTensorType type = elements.type;
  Type element = type.getElementType();
  ArrayRef<char> data = elements.data;
  unsigned width = getElementBytes(element);
  // Comparing the data with itself, one element later, ends at the first difference.
  bool splat = data.size() > width &&
               std::memcmp(data.data(), data.data() + width, data.size() - width) == 0;
  if (!splat && data.size() > kLargestInline) {
    AsmResourceBlob blob(data, getElementAlignment(element), std::move(elements.keepAlive),
                         /*dataIsMutable=*/false);
    auto &manager = DenseResourceElementsHandle::getManagerInterface(state.context);
    return ElementsAttr(DenseResourceElementsAttr::get(
        type, manager.insert(key.empty() ? "constant" : key, std::move(blob))));
  }
  ArrayRef<char> used = splat ? data.take_front(width) : data;
  ElementsAttr attr;
  if (element.isInteger(1)) {
    SmallVector<bool> bools(used.begin(), used.end());
    attr = DenseElementsAttr::get(type, bools);
  } else {
    attr = DenseElementsAttr::getFromRawBuffer(type, used);
  }
  elements.keepAlive(nullptr, 0, 0);
  return attr;
}

FailureOr<ElementsAttr> TensorImport::convert(Tensor &tensor, const Twine &what, StringRef key) {
  if (auto known = converted.find(&tensor); known != converted.end())
    return known->second;
  Elements elements;
  if (failed(decode(tensor, elements, what)))
    return failure();
  auto attr = isa<onnx::OpaqueType>(elements.type.getElementType())
                  ? convertStrings(tensor, elements.type, what)
                  : makeAttr(std::move(elements), key, what);
  if (succeeded(attr))
    converted[&tensor] = *attr;
  return attr;
}

FailureOr<ElementsAttr> TensorImport::convertSparse(onnx_pb::SparseTensorProto &sparse,
                                                    const Twine &what, StringRef key) {
  if (auto known = converted.find(&sparse); known != converted.end())
    return known->second;
  auto type = convertShape({sparse.dims().data(), static_cast<size_t>(sparse.dims_size())},
                           sparse.values().data_type(), what);
  if (failed(type))
    return failure();
  if (isa<onnx::OpaqueType>(type->getElementType()))
    return state.fail(ImportError::Kind::Unsupported,
                      what + " is a sparse tensor of strings, which is not supported");
  Elements values, indices, dense = {*type, {}, {}};
  if (failed(decode(*sparse.mutable_values(), values, what)))
    return failure();
  llvm::scope_exit releaseValues([&] { values.keepAlive(nullptr, 0, 0); });
  if (sparse.indices().data_type() != Tensor::INT64)
    return state.malformed(what + " has indices that are not int64");
  if (failed(decode(*sparse.mutable_indices(), indices, what)))
    return failure();
  llvm::scope_exit releaseIndices([&] { indices.keepAlive(nullptr, 0, 0); });

  // Indices are positions [n], or coordinates [n, rank].
  int64_t count = values.type.getNumElements(), rank = type->getRank();
  bool linear = indices.type.getRank() == 1;
  if (values.type.getRank() != 1 || indices.type.getRank() < 1 || indices.type.getRank() > 2 ||
      indices.type.getDimSize(0) != count || (!linear && indices.type.getDimSize(1) != rank))
    return state.malformed(what + " is a sparse tensor whose values and indices do not match");
  unsigned width = getElementBytes(type->getElementType());
  auto memory = allocate(static_cast<uint64_t>(type->getNumElements()) * width, dense, what);
  if (failed(memory))
    return failure();
  std::memset(*memory, 0, dense.data.size());
  const auto *position = reinterpret_cast<const int64_t *>(indices.data.data());
  int64_t previous = -1;
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = linear ? position[i] : 0;
    bool inside = !linear || (at >= 0 && at < type->getNumElements());
    for (int64_t d = 0; !linear && d < rank && inside; ++d) {
      int64_t coordinate = position[i * rank + d];
      inside = coordinate >= 0 && coordinate < type->getDimSize(d);
      at = at * type->getDimSize(d) + coordinate;
    }
    if (!inside || at <= previous) {
      dense.keepAlive(nullptr, 0, 0);
      return state.malformed(what + " is a sparse tensor whose indices are outside of its shape or "
                                    "not in ascending order");
    }
    previous = at;
    std::memcpy(*memory + at * width, values.data.data() + i * width, width);
  }
  auto attr = makeAttr(std::move(dense), key, what);
  if (succeeded(attr))
    converted[&sparse] = *attr;
  return attr;
}
