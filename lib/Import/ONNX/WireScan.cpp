// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pre-scan: a table of ONNX's messages and one recursive walk over the wire format.
#include "WireScan.h"

#include <algorithm>

using namespace lpc::import;

namespace {

enum class Msg : uint8_t {
  Model,
  Graph,
  Node,
  Attribute,
  Tensor,
  SparseTensor,
  ValueInfo,
  Type,
  TensorType,
  WrapperType,
  MapType,
  Shape,
  Dimension,
  Function,
  StringEntry,
  Opset,
  Training,
  Annotation,
  Other
};

enum class Kind : uint8_t {
  Message,      // one object per occurrence
  Text,         // string or bytes
  Varints,      // repeated integers of 8 bytes in memory, packed or not
  SmallVarints, // the same of 4 bytes
  Fixed32,      // repeated floats, packed or not
  Fixed64,      // repeated doubles, packed or not
};

/// One field that costs memory; `listed` fields count against the limit on list attributes, `rank`
/// against the rank.
struct Field {
  uint32_t number;
  Kind kind;
  Msg child = Msg::Other;
  bool listed = false;
  bool rank = false;
};

struct Fields {
  const char *name;
  size_t size;
  const Field *begin;
  size_t count;
};

} // namespace

static constexpr Field modelFields[] = {{2, Kind::Text},
                                        {3, Kind::Text},
                                        {4, Kind::Text},
                                        {6, Kind::Text},
                                        {7, Kind::Message, Msg::Graph},
                                        {8, Kind::Message, Msg::Opset},
                                        {14, Kind::Message, Msg::StringEntry},
                                        {20, Kind::Message, Msg::Training},
                                        {25, Kind::Message, Msg::Function},
                                        {26, Kind::Message, Msg::Other}};
static constexpr Field graphFields[] = {
    {1, Kind::Message, Msg::Node},          {2, Kind::Text},
    {5, Kind::Message, Msg::Tensor},        {10, Kind::Text},
    {11, Kind::Message, Msg::ValueInfo},    {12, Kind::Message, Msg::ValueInfo},
    {13, Kind::Message, Msg::ValueInfo},    {14, Kind::Message, Msg::Annotation},
    {15, Kind::Message, Msg::SparseTensor}, {16, Kind::Message, Msg::StringEntry}};
static constexpr Field nodeFields[] = {{1, Kind::Text, Msg::Other, true},
                                       {2, Kind::Text, Msg::Other, true},
                                       {3, Kind::Text},
                                       {4, Kind::Text},
                                       {5, Kind::Message, Msg::Attribute},
                                       {6, Kind::Text},
                                       {7, Kind::Text},
                                       {8, Kind::Text},
                                       {9, Kind::Message, Msg::StringEntry},
                                       {10, Kind::Message, Msg::Other}};
static constexpr Field attributeFields[] = {{1, Kind::Text},
                                            {4, Kind::Text},
                                            {5, Kind::Message, Msg::Tensor},
                                            {6, Kind::Message, Msg::Graph},
                                            {7, Kind::Fixed32, Msg::Other, true},
                                            {8, Kind::Varints, Msg::Other, true},
                                            {9, Kind::Text, Msg::Other, true},
                                            {10, Kind::Message, Msg::Tensor, true},
                                            {11, Kind::Message, Msg::Graph, true},
                                            {13, Kind::Text},
                                            {14, Kind::Message, Msg::Type},
                                            {15, Kind::Message, Msg::Type, true},
                                            {21, Kind::Text},
                                            {22, Kind::Message, Msg::SparseTensor},
                                            {23, Kind::Message, Msg::SparseTensor, true}};
static constexpr Field tensorFields[] = {{1, Kind::Varints, Msg::Other, false, true},
                                         {3, Kind::Message, Msg::Other},
                                         {4, Kind::Fixed32},
                                         {5, Kind::SmallVarints},
                                         {6, Kind::Text},
                                         {7, Kind::Varints},
                                         {8, Kind::Text},
                                         {9, Kind::Text},
                                         {10, Kind::Fixed64},
                                         {11, Kind::Varints},
                                         {12, Kind::Text},
                                         {13, Kind::Message, Msg::StringEntry},
                                         {16, Kind::Message, Msg::StringEntry}};
static constexpr Field sparseFields[] = {{1, Kind::Message, Msg::Tensor},
                                         {2, Kind::Message, Msg::Tensor},
                                         {3, Kind::Varints, Msg::Other, false, true}};
static constexpr Field valueInfoFields[] = {{1, Kind::Text},
                                            {2, Kind::Message, Msg::Type},
                                            {3, Kind::Text},
                                            {4, Kind::Message, Msg::StringEntry}};
static constexpr Field typeFields[] = {
    {1, Kind::Message, Msg::TensorType},  {4, Kind::Message, Msg::WrapperType},
    {5, Kind::Message, Msg::MapType},     {6, Kind::Text},
    {7, Kind::Message, Msg::StringEntry}, {8, Kind::Message, Msg::TensorType},
    {9, Kind::Message, Msg::WrapperType}};
static constexpr Field tensorTypeFields[] = {{2, Kind::Message, Msg::Shape}};
static constexpr Field wrapperTypeFields[] = {{1, Kind::Message, Msg::Type}};
static constexpr Field mapTypeFields[] = {{2, Kind::Message, Msg::Type}};
static constexpr Field shapeFields[] = {{1, Kind::Message, Msg::Dimension, false, true}};
static constexpr Field dimensionFields[] = {{2, Kind::Text}, {3, Kind::Text}};
static constexpr Field functionFields[] = {{1, Kind::Text},
                                           {4, Kind::Text},
                                           {5, Kind::Text},
                                           {6, Kind::Text},
                                           {7, Kind::Message, Msg::Node},
                                           {8, Kind::Text},
                                           {9, Kind::Message, Msg::Opset},
                                           {10, Kind::Text},
                                           {11, Kind::Message, Msg::Attribute},
                                           {12, Kind::Message, Msg::ValueInfo},
                                           {13, Kind::Text},
                                           {14, Kind::Message, Msg::StringEntry}};
static constexpr Field stringEntryFields[] = {{1, Kind::Text}, {2, Kind::Text}};
static constexpr Field opsetFields[] = {{1, Kind::Text}};
static constexpr Field trainingFields[] = {{1, Kind::Message, Msg::Graph},
                                           {2, Kind::Message, Msg::Graph},
                                           {3, Kind::Message, Msg::StringEntry},
                                           {4, Kind::Message, Msg::StringEntry}};
static constexpr Field annotationFields[] = {{1, Kind::Text}, {2, Kind::Message, Msg::StringEntry}};
// Messages that lpc has no use for are not looked into; see the cost of their bytes in `scan`.
static constexpr Field otherFields[] = {{0, Kind::Text}};

template <size_t N>
static constexpr Fields table(const char *name, size_t size, const Field (&fields)[N]) {
  return {name, size, fields, N};
}

static const Fields &fieldsOf(Msg message) {
  using S = ParsedSizes;
  static constexpr Fields tables[] = {
      table("ModelProto", S::other, modelFields),
      table("GraphProto", S::graph, graphFields),
      table("NodeProto", S::node, nodeFields),
      table("AttributeProto", S::attribute, attributeFields),
      table("TensorProto", S::tensor, tensorFields),
      table("SparseTensorProto", S::sparseTensor, sparseFields),
      table("ValueInfoProto", S::valueInfo, valueInfoFields),
      table("TypeProto", S::type, typeFields),
      table("TypeProto.Tensor", S::type, tensorTypeFields),
      table("TypeProto.Sequence", S::type, wrapperTypeFields),
      table("TypeProto.Map", S::type, mapTypeFields),
      table("TensorShapeProto", S::shape, shapeFields),
      table("TensorShapeProto.Dimension", S::dimension, dimensionFields),
      table("FunctionProto", S::function, functionFields),
      table("StringStringEntryProto", S::stringEntry, stringEntryFields),
      table("OperatorSetIdProto", S::opset, opsetFields),
      table("TrainingInfoProto", S::other, trainingFields),
      table("TensorAnnotation", S::other, annotationFields),
      table("message", S::other, otherFields)};
  return tables[static_cast<size_t>(message)];
}

namespace {

class Scanner {
public:
  Scanner(std::string_view bytes, const ScanLimits &limits) : bytes(bytes), limits(limits) {}

  bool scan(Msg message, size_t pos, size_t end, unsigned graphDepth, unsigned typeDepth);
  ScanResult result;

private:
  std::string_view bytes;
  const ScanLimits &limits;

  bool fail(ScanResult::Status status, std::string message) {
    result.status = status;
    result.message = std::move(message);
    return false;
  }
  bool malformed(const char *what, Msg message, size_t pos) {
    return fail(ScanResult::Status::Malformed, std::string(what) + " in a " +
                                                   fieldsOf(message).name + " at byte " +
                                                   std::to_string(pos));
  }
  bool limit(std::string message) { return fail(ScanResult::Status::Limit, std::move(message)); }

  /// Reads a varint of at most ten bytes below `end`.
  bool readVarint(size_t &pos, size_t end, uint64_t &value) const {
    value = 0;
    for (unsigned shift = 0; shift < 70 && pos < end; shift += 7) {
      auto byte = static_cast<uint8_t>(bytes[pos++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << std::min(shift, 63u);
      if (byte < 0x80)
        return true;
    }
    return false;
  }

  bool addCost(uint64_t cost) {
    result.parsedBytes += cost;
    if (result.parsedBytes <= limits.maxParsedBytes)
      return true;
    return limit("the file would take more than " + std::to_string(limits.maxParsedBytes >> 20) +
                 " MiB to parse, far more than its size warrants");
  }

  bool enter(Msg child, unsigned &graphDepth, unsigned &typeDepth, bool nested);
  bool addElements(Msg message, const Field &field, uint64_t count, uint64_t &listed,
                   uint64_t &rank);
};

} // namespace

/// Counts a message that is about to be scanned. `nested`: a graph inside a node.
bool Scanner::enter(Msg child, unsigned &graphDepth, unsigned &typeDepth, bool nested) {
  switch (child) {
  case Msg::Node:
    if (++result.nodes > limits.maxNodes)
      return limit("the model has more than " + std::to_string(limits.maxNodes) + " nodes");
    break;
  case Msg::Attribute:
    if (++result.attributes > limits.maxAttributes)
      return limit("the model has more than " + std::to_string(limits.maxAttributes) +
                   " attributes");
    break;
  case Msg::Graph:
    if (nested && ++graphDepth > limits.maxDepth)
      return limit("subgraphs are nested deeper than " + std::to_string(limits.maxDepth) +
                   " levels");
    result.depth = std::max(result.depth, graphDepth);
    break;
  case Msg::Type:
    if (++typeDepth > limits.maxDepth)
      return limit("types are nested deeper than " + std::to_string(limits.maxDepth) + " levels");
    break;
  default:
    break;
  }
  return addCost(fieldsOf(child).size + sizeof(void *) * 2);
}

/// Counts `count` elements of a field against the limits on lists and ranks.
bool Scanner::addElements(Msg message, const Field &field, uint64_t count, uint64_t &listed,
                          uint64_t &rank) {
  if (field.listed && message == Msg::Node && ++listed > limits.maxNodeValues)
    return limit("a node has more than " + std::to_string(limits.maxNodeValues) +
                 " inputs and outputs");
  if (field.listed && message != Msg::Node && (listed += count) > limits.maxAttributeList)
    return limit("an attribute has a list of more than " + std::to_string(limits.maxAttributeList) +
                 " elements");
  if (field.rank && (rank += count) > limits.maxRank)
    return limit("a tensor has more than " + std::to_string(limits.maxRank) + " dimensions");
  return true;
}

bool Scanner::scan(Msg message, size_t pos, size_t end, unsigned graphDepth, unsigned typeDepth) {
  const Fields &fields = fieldsOf(message);
  uint64_t listed = 0, rank = 0;
  while (pos < end) {
    size_t start = pos;
    uint64_t tag = 0, value = 0;
    if (!readVarint(pos, end, tag) || (tag >> 3) == 0 || (tag >> 3) > 0x1fffffff)
      return malformed("expected a field", message, start);
    auto number = static_cast<uint32_t>(tag >> 3);
    const Field *field = std::find_if(fields.begin, fields.begin + fields.count,
                                      [&](const Field &f) { return f.number == number; });
    bool known = field != fields.begin + fields.count;

    switch (tag & 7) {
    case 0:
      if (!readVarint(pos, end, value))
        return malformed("truncated integer", message, start);
      if ((known && !addElements(message, *field, 1, listed, rank)) || !addCost(sizeof(uint64_t)))
        return false;
      break;
    case 1:
    case 5: {
      size_t size = (tag & 7) == 1 ? 8 : 4;
      if (end - pos < size)
        return malformed("truncated number", message, start);
      pos += size;
      if ((known && !addElements(message, *field, 1, listed, rank)) || !addCost(sizeof(uint64_t)))
        return false;
      break;
    }
    case 2: {
      if (!readVarint(pos, end, value))
        return malformed("truncated length", message, start);
      if (value > end - pos)
        return fail(ScanResult::Status::Malformed,
                    "the file is truncated or damaged: field " + std::to_string(number) + " of a " +
                        fields.name + " at byte " + std::to_string(start) + " has " +
                        std::to_string(value) + " bytes, but only " + std::to_string(end - pos) +
                        " are left");
      size_t last = pos + value;
      if (known && field->kind == Kind::Message) {
        unsigned childGraphDepth = graphDepth, childTypeDepth = typeDepth;
        // Unknown structure: at worst every two bytes are an object.
        if (field->child == Msg::Other && !addCost(value * 64))
          return false;
        if (!addElements(message, *field, 1, listed, rank) ||
            !enter(field->child, childGraphDepth, childTypeDepth, message == Msg::Attribute) ||
            !scan(field->child, pos, last, childGraphDepth, childTypeDepth))
          return false;
      } else if (known && field->kind != Kind::Text) {
        // Packed numbers. Each varint ends with the only one of its bytes that has the high bit
        // clear.
        uint64_t count = 0;
        if (field->kind == Kind::Fixed32)
          count = value / 4;
        else if (field->kind == Kind::Fixed64)
          count = value / 8;
        else
          count = std::count_if(bytes.begin() + pos, bytes.begin() + last,
                                [](char c) { return static_cast<uint8_t>(c) < 0x80; });
        bool half = field->kind == Kind::Fixed32 || field->kind == Kind::SmallVarints;
        if (!addElements(message, *field, count, listed, rank) || !addCost(count * (half ? 4 : 8)))
          return false;
      } else {
        // A string, or an unknown field, which the parser keeps as text.
        if ((known && !addElements(message, *field, 1, listed, rank)) ||
            !addCost(ParsedSizes::text + value))
          return false;
      }
      pos = last;
      break;
    }
    default: // groups, which ONNX has none of, and what is no wire type at all
      return malformed("a field of no known kind", message, start);
    }
  }
  return true;
}

ScanResult lpc::import::scanModel(std::string_view bytes, const ScanLimits &limits) {
  Scanner scanner(bytes, limits);
  scanner.scan(Msg::Model, 0, bytes.size(), 0, 0);
  return scanner.result;
}
