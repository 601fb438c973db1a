// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Learned matrices come in f32 and are orthogonal to about 1e-7 only. One or two steps of Newton's
// iteration for the polar factor, R <- R (3 - R'R) / 2, give the nearest orthogonal matrix.
#include "ImportedRotations.h"

#include "lpc-runtime/io/Npy.h"

#include "mlir/IR/Diagnostics.h"

#include <Eigen/Dense>

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

static constexpr double kLargestError = 1e-6;

static Matrix excess(const Matrix &r) {
  return Matrix::Identity(r.rows(), r.cols()) - r.transpose() * r;
}

LogicalResult ImportedRotations::read(Operation *op, StringRef file) {
  path = file.str();
  rotations.clear();
  used.clear();
  rt::Result<std::vector<rt::NamedTensor>> arrays = rt::readNpz(path);
  if (!arrays)
    return op->emitError() << "option file: " << arrays.error();
  for (const rt::NamedTensor &array : *arrays) {
    const std::vector<int64_t> &shape = array.tensor.shape;
    if (shape.size() != 2 || shape[0] != shape[1] || shape[0] < 1)
      return op->emitError() << "option file: expected square matrices in '" << path << "', but '"
                             << array.name << "' is none";
    int64_t n = shape[0];
    Matrix r(n, n);
    for (int64_t i = 0; i < n * n; ++i)
      r.data()[i] = array.tensor.at(i);
    double error = excess(r).cwiseAbs().maxCoeff();
    if (!(error <= kLargestError))
      return op->emitError() << "option file: expected '" << array.name << "' in '" << path
                             << "' to be orthogonal to 1e-6, but R'R - 1 is as large as " << error;
    for (int step = 0; step < 2; ++step)
      r += 0.5 * (r * excess(r)).eval();
    Matrix columns = r.transpose();
    rotations.emplace(array.name, Rotation::dense(n, std::vector<double>(columns.data(),
                                                                         columns.data() + n * n)));
  }
  return success();
}

FailureOr<const Rotation *> ImportedRotations::find(Operation *op, StringRef name, int64_t size) {
  for (std::string key : {name.str(), name.substr(0, name.find('.')).str()}) {
    auto it = rotations.find(key);
    if (it == rotations.end())
      continue;
    used.insert(key);
    if (it->second.size() != size)
      return op->emitError() << "option file: expected '" << key << "' in '" << path << "' to have "
                             << size << " rows for " << name << ", but it has "
                             << it->second.size();
    return &it->second;
  }
  return static_cast<const Rotation *>(nullptr);
}

LogicalResult ImportedRotations::checkUsed(Operation *op, int64_t streams, int64_t heads) const {
  for (const auto &[name, rotation] : rotations)
    if (!used.count(name))
      return op->emitError() << "option file: no class that rotates is called '" << name
                             << "'; there are " << streams << " streams (R1.0, ...) and " << heads
                             << " classes of heads (R2.0, ...)";
  return success();
}
