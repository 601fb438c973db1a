// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Index expressions in a normal form, so that sizes that are equal for every input are one value.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_SYMBOLICINDEX_H
#define LPC_LIB_CONVERSION_ONNXTONN_SYMBOLICINDEX_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

#include <map>
#include <optional>
#include <vector>

namespace lpc::onnx_to_nn {

/// A polynomial with integer coefficients over atoms: sorted lists of atoms (a product) and their
/// coefficients, none zero. The empty product is the constant.
using Poly = std::map<std::vector<unsigned>, int64_t>;

enum class AtomKind { Value, FloorDiv, CeilDiv, TruncDiv, FloorMod, Rem, Min, Max, Eq, Lt, Select };

/// The atoms of polynomials and the values that polynomials have become. An atom is an SSA value,
/// or an operation on polynomials that does not stay polynomial; equal operations are one atom.
class SymbolicIndex {
public:
  static Poly constant(int64_t value);
  static std::optional<int64_t> constantOf(const Poly &p);

  /// What is known of a value; a value never seen is an atom of its own.
  Poly of(mlir::Value v);
  Poly of(mlir::OpFoldResult x);
  /// Whether expressions may refer to the value.
  bool isKnown(mlir::Value v) const { return valueAtoms.contains(v) || meanings.contains(v); }
  /// A size: an atom that is not negative.
  Poly size(mlir::Value v);

  Poly add(const Poly &x, const Poly &y);
  Poly sub(const Poly &x, const Poly &y);
  Poly mul(const Poly &x, const Poly &y);
  /// Integer division with rounding of that kind; by a divisor that divides every term it is exact.
  Poly divide(AtomKind kind, const Poly &x, const Poly &y);
  Poly remainder(AtomKind kind, const Poly &x, const Poly &y);
  Poly min(const Poly &x, const Poly &y);
  Poly max(const Poly &x, const Poly &y);
  /// 1 or 0.
  Poly equal(const Poly &x, const Poly &y);
  Poly less(const Poly &x, const Poly &y);
  Poly select(const Poly &condition, const Poly &x, const Poly &y);
  /// x / y if that is a polynomial.
  std::optional<Poly> exactQuotient(const Poly &x, const Poly &y);

  /// Bounds that hold for every run; sizes lie in [0, 2^40].
  __int128 lowest(const Poly &p);
  __int128 highest(const Poly &p);

  /// Whether the expression can be built at the insertion point: all its values are visible there.
  bool isVisible(const Poly &p, mlir::OpBuilder &b);

  /// An attribute or a value, built at the insertion point of `b` unless it is there already.
  mlir::OpFoldResult materialize(mlir::OpBuilder &b, mlir::Location loc, const Poly &p);

private:
  struct Atom {
    AtomKind kind;
    mlir::Value value;
    std::vector<Poly> operands;
    bool isSize = false;
  };
  Poly atom(AtomKind kind, std::vector<Poly> operands);
  unsigned valueAtom(mlir::Value v);
  mlir::Value valueOf(mlir::OpBuilder &b, mlir::Location loc, const Poly &p);
  mlir::Value valueOfAtom(mlir::OpBuilder &b, mlir::Location loc, unsigned id);
  __int128 bound(const Poly &p, bool low);
  std::pair<__int128, __int128> range(unsigned id);

  std::vector<Atom> atoms;
  std::map<std::pair<AtomKind, std::vector<Poly>>, unsigned> operationAtoms;
  llvm::DenseMap<mlir::Value, unsigned> valueAtoms;
  llvm::DenseMap<mlir::Value, Poly> meanings;
  /// Values of a polynomial, one for each region that needed its own.
  std::map<Poly, llvm::SmallVector<mlir::Value, 1>> built;
};

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_SYMBOLICINDEX_H
