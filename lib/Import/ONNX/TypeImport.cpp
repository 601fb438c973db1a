// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element type codes, shapes, and the spelling of types without a tensor counterpart.
#include "TypeImport.h"

#include "dialects/ONNX/IR/ONNXDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::import;
using Tensor = onnx_pb::TensorProto;

Type lpc::import::convertElementType(int32_t code, MLIRContext *context) {
  Builder b(context);
  auto unsignedInt = [&](unsigned width) {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  switch (code) {
  case Tensor::FLOAT:
    return b.getF32Type();
  case Tensor::UINT8:
    return unsignedInt(8);
  case Tensor::INT8:
    return b.getI8Type();
  case Tensor::UINT16:
    return unsignedInt(16);
  case Tensor::INT16:
    return b.getI16Type();
  case Tensor::INT32:
    return b.getI32Type();
  case Tensor::INT64:
    return b.getI64Type();
  case Tensor::STRING:
    return onnx::OpaqueType::get(context, "string");
  case Tensor::BOOL:
    return b.getI1Type();
  case Tensor::FLOAT16:
    return b.getF16Type();
  case Tensor::DOUBLE:
    return b.getF64Type();
  case Tensor::UINT32:
    return unsignedInt(32);
  case Tensor::UINT64:
    return unsignedInt(64);
  case Tensor::COMPLEX64:
    return ComplexType::get(b.getF32Type());
  case Tensor::COMPLEX128:
    return ComplexType::get(b.getF64Type());
  case Tensor::BFLOAT16:
    return b.getBF16Type();
  case Tensor::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case Tensor::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case Tensor::FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case Tensor::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case Tensor::UINT4:
    return unsignedInt(4);
  case Tensor::INT4:
    return b.getIntegerType(4);
  case Tensor::FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  case Tensor::FLOAT8E8M0:
    return Float8E8M0FNUType::get(context);
  case Tensor::UINT2:
    return unsignedInt(2);
  case Tensor::INT2:
    return b.getIntegerType(2);
  default:
    return {};
  }
}

std::string lpc::import::describeUnknownCode(int32_t code) {
  return "the unknown element type code " + std::to_string(code) + "; lpc knows the codes 1 to " +
         std::to_string(Tensor::INT2);
}

/// ONNX's name of an element type, as in its own type strings.
static std::string spellElementType(int32_t code) {
  if (code <= 0 || !Tensor::DataType_IsValid(code))
    return "undefined";
  static constexpr const char *names[] = {
      "undefined",      "float",    "uint8",        "int8",           "uint16",
      "int16",          "int32",    "int64",        "string",         "bool",
      "float16",        "double",   "uint32",       "uint64",         "complex64",
      "complex128",     "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
      "float8e5m2fnuz", "uint4",    "int4",         "float4e2m1",     "float8e8m0",
      "uint2",          "int2"};
  return static_cast<size_t>(code) < std::size(names) ? names[code] : "undefined";
}

static std::string spellType(const onnx_pb::TypeProto &type) {
  switch (type.value_case()) {
  case onnx_pb::TypeProto::kTensorType:
    return "tensor(" + spellElementType(type.tensor_type().elem_type()) + ")";
  case onnx_pb::TypeProto::kSparseTensorType:
    return "sparse_tensor(" + spellElementType(type.sparse_tensor_type().elem_type()) + ")";
  case onnx_pb::TypeProto::kSequenceType:
    return "seq(" + spellType(type.sequence_type().elem_type()) + ")";
  case onnx_pb::TypeProto::kOptionalType:
    return "optional(" + spellType(type.optional_type().elem_type()) + ")";
  case onnx_pb::TypeProto::kMapType:
    return "map(" + spellElementType(type.map_type().key_type()) + "," +
           spellType(type.map_type().value_type()) + ")";
  case onnx_pb::TypeProto::kOpaqueType:
    return "opaque";
  case onnx_pb::TypeProto::VALUE_NOT_SET:
    return "undefined";
  }
  return "undefined";
}

static FailureOr<Type> convertTensorType(const onnx_pb::TypeProto_Tensor &type, ImportState &state,
                                         const Twine &what) {
  if (!type.has_elem_type() || type.elem_type() == 0)
    return state.malformed(what + " is a tensor without an element type");
  Type element = convertElementType(type.elem_type(), state.context);
  if (!element)
    return state.fail(ImportError::Kind::Unsupported,
                      what + " has " + describeUnknownCode(type.elem_type()));
  if (!type.has_shape())
    return Type(UnrankedTensorType::get(element));

  SmallVector<int64_t> dims;
  unsigned __int128 product = 1;
  for (const auto &dim : type.shape().dim()) {
    if (!dim.has_dim_value()) {
      dims.push_back(ShapedType::kDynamic);
      continue;
    }
    int64_t size = dim.dim_value();
    if (size < 0)
      return state.malformed(what + " has the negative dimension " + Twine(size) +
                             "; an unknown size is a named dimension");
    product *= static_cast<uint64_t>(size);
    if (product > (uint64_t(1) << 56))
      return state.fail(ImportError::Kind::Limit, what + " has more than 2^56 elements");
    dims.push_back(size);
  }
  return Type(RankedTensorType::get(dims, element));
}

FailureOr<Type> lpc::import::convertType(const onnx_pb::TypeProto &type, ImportState &state,
                                         const Twine &what) {
  if (type.value_case() == onnx_pb::TypeProto::VALUE_NOT_SET)
    return Type(onnx::UnknownType::get(state.context));
  if (type.has_tensor_type())
    return convertTensorType(type.tensor_type(), state, what);
  return Type(onnx::OpaqueType::get(state.context, spellType(type)));
}

Type lpc::import::convertHint(const onnx_pb::TypeProto &type, MLIRContext *context) {
  if (type.has_tensor_type())
    if (Type element = convertElementType(type.tensor_type().elem_type(), context))
      return UnrankedTensorType::get(element);
  if (type.has_tensor_type() || type.value_case() == onnx_pb::TypeProto::VALUE_NOT_SET)
    return onnx::UnknownType::get(context);
  return onnx::OpaqueType::get(context, spellType(type));
}

SmallVector<StringRef> lpc::import::getDimensionNames(const onnx_pb::TypeProto &type) {
  SmallVector<StringRef> names;
  for (const auto &dim : type.tensor_type().shape().dim())
    names.push_back(dim.has_dim_param() ? StringRef(dim.dim_param()) : StringRef());
  return names;
}
