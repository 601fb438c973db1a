// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats that are a list of values: the list decodes, a search in it encodes.
#include "Families.h"
#include "ValueList.h"

#include "lpc/Numerics/FormatFamilies.h"

#include <cassert>

namespace lpc::num {

TableFormat::TableFormat(Definition definition)
    : Format(Family::Table, definition.width, definition.name), definition_(std::move(definition)) {
  assert(definition_.values.size() == numCodes() && "one value for each code");
  derive();
  list_ = std::make_unique<detail::ValueList>(*this, detail::ValueList::Options());
}

TableFormat::~TableFormat() = default;

const TableFormat *TableFormat::get(Definition definition) {
  const Format *format = detail::findFormat(definition.name);
  if (!format)
    format =
        detail::internFormat(std::unique_ptr<const Format>(new TableFormat(std::move(definition))));
  return static_cast<const TableFormat *>(format);
}

Exact TableFormat::decode(uint32_t code) const {
  return Exact::fromDouble(definition_.values[code]);
}

uint32_t TableFormat::encode(double x, const Conversion &policy, uint32_t random) const {
  return list_->encode(x, policy, random);
}

} // namespace lpc::num
