// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the weight segment without a copy in memory: from the attributes' storage to the file.
#include "Weights.h"

#include "lpc-runtime/checksum.h"
#include "lpc-runtime/codegen.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include "llvm/BinaryFormat/ELF.h"

using namespace mlir;

namespace lpc {

WeightIndex readWeightIndex(ModuleOp module) {
  WeightIndex index;
  llvm::raw_string_ostream os(index.layout);
  if (auto list = module->getAttrOfType<ArrayAttr>("lpc.weights")) {
    for (auto entry : list.getAsRange<DictionaryAttr>()) {
      index.entries.push_back(
          {entry.getAs<StringAttr>("name").getValue(), entry.getAs<IntegerAttr>("offset").getInt(),
           entry.getAs<IntegerAttr>("bytes").getInt(), entry.getAs<ElementsAttr>("value")});
      const WeightIndex::Entry &last = index.entries.back();
      os << last.name << ' ' << last.value.getType() << ' ' << last.offset << '\n';
    }
  }
  if (auto total = module->getAttrOfType<IntegerAttr>("lpc.weights_bytes"))
    index.bytes = total.getInt();
  return index;
}

/// One element as it lies in memory, little endian.
static void writeElement(llvm::raw_ostream &os, const APInt &bits, int64_t bytes) {
  for (int64_t i = 0; i < bytes; ++i)
    os << char(
        bits.extractBitsAsZExtValue(std::min<unsigned>(8, bits.getBitWidth() - 8 * i), 8 * i));
}

static LogicalResult writeValue(ModuleOp module, const WeightIndex::Entry &entry,
                                llvm::raw_ostream &os) {
  int64_t count = entry.value.getNumElements(),
          elementBytes = entry.bytes / std::max<int64_t>(count, 1);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(entry.value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || (int64_t)blob->getData().size() != entry.bytes)
      return module.emitError("expected the data of constant '")
             << entry.name << "' to have " << entry.bytes << " bytes, but it has "
             << (blob ? (int64_t)blob->getData().size() : 0);
    os << StringRef(blob->getData().data(), entry.bytes);
    return success();
  }
  auto dense = dyn_cast<DenseIntOrFPElementsAttr>(entry.value);
  if (!dense)
    return module.emitError("expected constant '")
           << entry.name << "' to be a dense attribute or a resource";
  if (!dense.isSplat() && (int64_t)dense.getRawData().size() == entry.bytes) {
    os << StringRef(dense.getRawData().data(), entry.bytes);
    return success();
  }
  Type element = dense.getElementType();
  auto write = [&](const APInt &bits) { writeElement(os, bits, elementBytes); };
  if (dense.isSplat()) {
    std::string chunk, one;
    llvm::raw_string_ostream oneOs(one);
    writeElement(oneOs,
                 isa<FloatType>(element) ? dense.getSplatValue<APFloat>().bitcastToAPInt()
                                         : dense.getSplatValue<APInt>(),
                 elementBytes);
    constexpr int64_t chunkElements = 4096;
    for (int64_t i = 0; i < std::min(count, chunkElements); ++i)
      chunk += one;
    for (int64_t left = entry.bytes; left > 0; left -= chunk.size())
      os << StringRef(chunk).take_front(left);
    return success();
  }
  if (isa<FloatType>(element)) {
    for (APFloat value : dense.getValues<APFloat>())
      write(value.bitcastToAPInt());
    return success();
  }
  for (APInt value : dense.getValues<APInt>())
    write(value);
  return success();
}

LogicalResult writeSegment(ModuleOp module, const WeightIndex &index, llvm::raw_ostream &os) {
  int64_t position = 0;
  for (const WeightIndex::Entry &entry : index.entries) {
    os.write_zeros(entry.offset - position);
    if (failed(writeValue(module, entry, os)))
      return failure();
    position = entry.offset + entry.bytes;
  }
  os.write_zeros(index.bytes - position);
  return success();
}

template <typename T> static void writeStruct(llvm::raw_ostream &os, const T &value) {
  os.write(reinterpret_cast<const char *>(&value), sizeof(value));
}

LogicalResult writeWeightsObject(ModuleOp module, const WeightIndex &index, uint16_t machine,
                                 llvm::raw_ostream &os) {
  using namespace llvm::ELF;
  constexpr uint64_t page = 4096;
  const char sectionNames[] = "\0.lpc.weights\0.symtab\0.strtab\0.shstrtab\0.note.GNU-stack";
  const std::string symbolNames = std::string(1, '\0') + kWeightsSymbol.str() + '\0';
  uint64_t data = page, dataEnd = data + index.bytes;
  uint64_t symbols = llvm::alignTo(dataEnd, 8), names = symbols + 2 * sizeof(Elf64_Sym);
  uint64_t headNames = names + symbolNames.size(),
           headers = llvm::alignTo(headNames + sizeof(sectionNames), 8);

  Elf64_Ehdr head = {};
  memcpy(head.e_ident, ElfMagic, 4);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_ident[EI_VERSION] = EV_CURRENT;
  head.e_type = ET_REL;
  head.e_machine = machine;
  head.e_version = EV_CURRENT;
  head.e_shoff = headers;
  head.e_ehsize = sizeof(Elf64_Ehdr);
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = 6;
  head.e_shstrndx = 4;
  writeStruct(os, head);
  os.write_zeros(data - sizeof(head));
  if (failed(writeSegment(module, index, os)))
    return failure();
  os.write_zeros(symbols - dataEnd);

  writeStruct(os, Elf64_Sym{});
  Elf64_Sym symbol = {};
  symbol.st_name = 1;
  symbol.setBindingAndType(STB_GLOBAL, STT_OBJECT);
  symbol.st_other = STV_HIDDEN;
  symbol.st_shndx = 1;
  symbol.st_size = index.bytes;
  writeStruct(os, symbol);
  os << symbolNames;
  os.write(sectionNames, sizeof(sectionNames));
  os.write_zeros(headers - headNames - sizeof(sectionNames));

  auto section = [&](uint32_t name, uint32_t type, uint64_t flags, uint64_t offset, uint64_t size,
                     uint64_t align) {
    Elf64_Shdr header = {};
    header.sh_name = name;
    header.sh_type = type;
    header.sh_flags = flags;
    header.sh_offset = offset;
    header.sh_size = size;
    header.sh_addralign = align;
    if (type == SHT_SYMTAB) {
      header.sh_link = 3;
      header.sh_info = 1;
      header.sh_entsize = sizeof(Elf64_Sym);
    }
    writeStruct(os, header);
  };
  writeStruct(os, Elf64_Shdr{});
  section(1, SHT_PROGBITS, SHF_ALLOC, data, index.bytes, page);
  section(14, SHT_SYMTAB, 0, symbols, 2 * sizeof(Elf64_Sym), 8);
  section(22, SHT_STRTAB, 0, names, symbolNames.size(), 1);
  section(30, SHT_STRTAB, 0, headNames, sizeof(sectionNames), 1);
  section(40, SHT_PROGBITS, 0, headers, 0, 1);
  return success();
}

namespace {
/// Passes bytes on and adds them up.
class ChecksumStream : public llvm::raw_ostream {
public:
  explicit ChecksumStream(llvm::raw_ostream &os) : os(os) { lpc_checksum_begin(&sum); }
  ~ChecksumStream() override { flush(); }
  uint64_t end() {
    flush();
    return lpc_checksum_end(&sum);
  }

private:
  void write_impl(const char *data, size_t bytes) override {
    lpc_checksum_add(&sum, data, bytes);
    os.write(data, bytes);
  }
  uint64_t current_pos() const override { return sum.bytes; }

  llvm::raw_ostream &os;
  lpc_checksum sum;
};
} // namespace

LogicalResult writeWeightsFile(ModuleOp module, const WeightIndex &index,
                               llvm::raw_pwrite_stream &os) {
  os.write_zeros(LPC_WEIGHTS_HEADER_BYTES);
  ChecksumStream checked(os);
  if (failed(writeSegment(module, index, checked)))
    return failure();
  lpc_weights_header header = {};
  memcpy(header.magic, LPC_WEIGHTS_MAGIC, sizeof(header.magic));
  header.bytes = index.bytes;
  header.program = index.program;
  header.content = checked.end();
  os.pwrite(reinterpret_cast<const char *>(&header), sizeof(header), 0);
  return success();
}

} // namespace lpc
