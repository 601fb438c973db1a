// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantizing and dequantizing tensors: units of whole rows go to threads, each unit holds whole
// blocks, and every block is chosen and coded by itself, so that threads never change a result.
#include "lpc/Numerics/BlockQuantizer.h"

#include "BlockGeometry.h"
#include "BlockRules.h"
#include "LearnedTable.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>

namespace lpc::num {

using namespace detail;

namespace {

/// Runs f(thread, i) for i in [0, count): threads take the next chunk when they are done.
template <typename F> void parallelFor(size_t count, size_t chunk, unsigned threads, F f) {
  const size_t chunks = (count + chunk - 1) / std::max<size_t>(chunk, 1);
  threads = static_cast<unsigned>(std::min<size_t>(std::max(threads, 1u), chunks));
  std::atomic<size_t> next{0};
  auto work = [&](unsigned thread) {
    for (size_t c; (c = next.fetch_add(1)) < chunks;)
      for (size_t i = c * chunk; i < std::min(count, (c + 1) * chunk); ++i)
        f(thread, i);
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t)
    others.emplace_back(work, t);
  work(0);
  for (std::thread &t : others)
    t.join();
}

/// Rows that are worked on together: they hold whole blocks of every level that is not the tensor.
struct Unit {
  size_t first = 0, count = 0;
};

std::vector<Unit> unitsOf(const Geometry &g, std::span<const LevelGrid> grids) {
  size_t height = 1;
  for (const LevelGrid &grid : grids)
    if (!grid.whole())
      height = std::max(height, grid.rowsPerBlock());
  std::vector<Unit> units;
  for (size_t batch = 0; batch < g.rows(); batch += g.rowsPerBatch())
    for (size_t r = 0; r < g.rowsPerBatch(); r += height)
      units.push_back({batch + r, std::min(height, g.rowsPerBatch() - r)});
  return units;
}

void allocate(LevelValues &values, const LevelGrid &grid, const Format *format) {
  values.block = grid.block();
  values.shape = grid.shape();
  values.format = format;
  values.values.resize(grid.size());
  if (format)
    values.codes.resize(grid.size());
}

void put(LevelValues &values, size_t at, const Stored &stored) {
  values.values[at] = stored.value;
  if (values.format)
    values.codes[at] = stored.code;
}

/// One call of quantizeBlocks.
class Quantizer {
public:
  Quantizer(const FormatSpec &spec, std::span<const float> x, std::span<const int64_t> shape,
            std::span<const AxisRole> roles, BlockQuantized &out, const BlockOptions &options)
      : spec_(spec), x_(x), out_(out), options_(options), geometry_(shape, roles),
        coder_(spec, options.rounding) {
    for (const ScaleLevel &level : spec.levels)
      grids_.emplace_back(level, shape, roles, geometry_);
    units_ = unitsOf(geometry_, grids_);
    out.spec = spec;
    out.shape.assign(shape.begin(), shape.end());
    out.codes.resize(x.size());
    const LevelGrid *inner = grids_.empty() ? nullptr : &grids_[0];
    for (size_t i = 0; i < grids_.size(); ++i) {
      allocate(out.scales.emplace_back(), grids_[i], spec.levels[i].format);
      if (spec.signSplit)
        allocate(out.negativeScales.emplace_back(), grids_[i], spec.levels[i].format);
      if (spec.zeroPoint == ZeroPointKind::Offset)
        allocate(out.offsets.emplace_back(), grids_[i], spec.offsetFormats[i]);
    }
    if (spec.zeroPoint == ZeroPointKind::Integer)
      out.zeros.resize(inner->size());
    if (spec.zeroPoint == ZeroPointKind::Float)
      out.floatZeros.resize(inner->size());
    if (spec.hasTable) {
      const int64_t entries = int64_t(1) << spec.element->width();
      out.table.block = {1, 1};
      out.table.shape = {static_cast<int64_t>(geometry_.rows()), entries};
      out.table.format = spec.tableFormat;
      out.table.values.resize(geometry_.rows() * static_cast<size_t>(entries));
      if (spec.tableFormat)
        out.table.codes.resize(out.table.values.size());
    }
    // The importance of each column.
    if (!options.importance.empty())
      for (size_t c = 0; c < geometry_.columns(); ++c)
        importance_.push_back(options.importance[c / geometry_.window()]);
  }

  void run() {
    if (x_.empty())
      return emptyTensor();
    const unsigned threads = std::max(options_.threads, 1u);
    for (unsigned t = 0; t < threads; ++t)
      workers_.push_back(std::make_unique<Worker>(coder_, spec_.tableFormat));
    if (!grids_.empty() && grids_[0].whole())
      chooseForTensor();
    else if (grids_.size() > 1 && grids_[1].whole())
      chooseOuterForTensor();
    // Chunks of about 64 Ki elements.
    size_t perUnit = std::max<size_t>(1, units_[0].count * geometry_.columns());
    parallelFor(units_.size(), std::max<size_t>(1, (size_t(1) << 16) / perUnit), threads,
                [&](unsigned thread, size_t i) { quantizeUnit(*workers_[thread], units_[i]); });
  }

private:
  /// Scratch space of a thread.
  struct Worker {
    Worker(const BlockCoder &coder, const Format *tableFormat)
        : chooser(coder), tableStore(tableFormat) {}
    BlockChooser chooser;
    StoredFormat tableStore;
    std::vector<float> rows, block, y, importance;
    std::vector<uint16_t> codes;
    std::vector<BlockParams> params, superParams;
    std::vector<Elements> members;
    std::vector<std::vector<float>> tiles, tileImportance;
    std::vector<double> weights;
  };

  void emptyTensor() {
    for (auto *levels : {&out_.scales, &out_.negativeScales})
      for (LevelValues &level : *levels)
        std::fill(level.values.begin(), level.values.end(), 1.0f);
  }

  const float *rowsOf(Worker &w, const Unit &unit) const {
    const size_t columns = geometry_.columns();
    if (geometry_.contiguous())
      return x_.data() + unit.first * columns;
    w.rows.resize(unit.count * columns);
    geometry_.gather(x_.data(), unit.first, unit.count, w.rows.data());
    return w.rows.data();
  }

  /// The one block of a per-tensor scale.
  void chooseForTensor() {
    Worker &w = *workers_[0];
    std::vector<float> all, weights;
    Elements e{x_.data(), x_.size(), nullptr};
    if (!geometry_.contiguous()) {
      all.resize(x_.size());
      geometry_.gather(x_.data(), 0, geometry_.rows(), all.data());
      e.x = all.data();
    }
    if (!importance_.empty()) {
      for (size_t r = 0; r < geometry_.rows(); ++r)
        weights.insert(weights.end(), importance_.begin(), importance_.end());
      e.importance = weights.data();
    }
    tensorParams_ = w.chooser.choose(e, {});
    store(tensorParams_, 0);
  }

  void chooseOuterForTensor() {
    // The maximum of magnitudes does not depend on the order.
    const size_t chunk = 1 << 16, chunks = (x_.size() + chunk - 1) / chunk;
    std::vector<float> most(chunks);
    parallelFor(chunks, 1, options_.threads, [&](unsigned, size_t i) {
      bool hasNaN;
      most[i] = absMax(x_.data() + i * chunk, std::min(chunk, x_.size() - i * chunk), hasNaN);
    });
    tensorOuter_ = workers_[0]->chooser.chooseOuter(*std::max_element(most.begin(), most.end()));
    storeOuter(tensorOuter_, 0);
  }

  void store(const BlockParams &p, size_t at) {
    put(out_.scales[0], at, p.scale);
    if (spec_.signSplit)
      put(out_.negativeScales[0], at, p.negative);
    if (spec_.zeroPoint == ZeroPointKind::Integer)
      out_.zeros[at] = p.zero;
    if (spec_.zeroPoint == ZeroPointKind::Float)
      out_.floatZeros[at] = p.floatZero;
    if (spec_.zeroPoint == ZeroPointKind::Offset)
      put(out_.offsets[0], at, p.offset);
  }
  void storeOuter(const OuterParams &p, size_t at) {
    put(out_.scales[1], at, p.scale);
    if (spec_.zeroPoint == ZeroPointKind::Offset)
      put(out_.offsets[1], at, p.offset);
  }

  /// The elements of a rectangle: in place if it is part of one row, else copied to `copy`.
  Elements elementsOf(const float *rows, size_t row, size_t rowCount, size_t column,
                      size_t columnCount, std::vector<float> &copy,
                      std::vector<float> &importanceCopy) const {
    const size_t columns = geometry_.columns();
    Elements e;
    e.n = rowCount * columnCount;
    const float *weights = importance_.empty() ? nullptr : importance_.data() + column;
    if (rowCount == 1) {
      e.x = rows + row * columns + column;
      e.importance = weights;
      return e;
    }
    copy.clear();
    importanceCopy.clear();
    for (size_t r = 0; r < rowCount; ++r) {
      const float *from = rows + (row + r) * columns + column;
      copy.insert(copy.end(), from, from + columnCount);
      if (weights)
        importanceCopy.insert(importanceCopy.end(), weights, weights + columnCount);
    }
    e.x = copy.data();
    e.importance = weights ? importanceCopy.data() : nullptr;
    return e;
  }

  void quantizeUnit(Worker &w, const Unit &unit) {
    const size_t columns = geometry_.columns();
    const float *rows = rowsOf(w, unit);
    uint16_t *codes = out_.codes.data() + unit.first * columns;
    if (!geometry_.contiguous()) {
      w.codes.resize(unit.count * columns);
      codes = w.codes.data();
    }
    if (grids_.empty() || grids_[0].whole())
      w.params.assign(1, tensorParams_);
    else
      chooseForUnit(w, unit, rows);
    for (size_t r = 0; r < unit.count; ++r)
      encodeRow(w, unit, r, rows + r * columns, codes + r * columns);
    if (!geometry_.contiguous())
      geometry_.scatter(codes, unit.first, unit.count, out_.codes.data());
  }

  /// Fills w.params: block rows by block columns of the innermost level.
  void chooseForUnit(Worker &w, const Unit &unit, const float *rows) {
    const LevelGrid &inner = grids_[0];
    const size_t columns = geometry_.columns();
    const size_t across = inner.rowsPerBlock(), along = inner.columnsPerBlock();
    const size_t blockColumns = (columns + along - 1) / along;
    w.params.resize((unit.count + across - 1) / across * blockColumns);
    const bool outerHere = grids_.size() > 1 && !grids_[1].whole();
    const size_t outerAlong = outerHere ? grids_[1].columnsPerBlock() : columns;
    const size_t outerAcross = outerHere ? grids_[1].rowsPerBlock() : unit.count;
    for (size_t top = 0; top < unit.count; top += outerAcross)
      for (size_t left = 0; left < columns; left += outerAlong) {
        const size_t bottom = std::min(unit.count, top + outerAcross);
        const size_t right = std::min(columns, left + outerAlong);
        OuterParams outer = tensorOuter_;
        if (spec_.rule == Rule::KQuant) {
          chooseSuperBlock(w, unit, rows, top, bottom, left, right);
          continue;
        }
        if (outerHere) {
          float most = 0;
          bool hasNaN;
          for (size_t r = top; r < bottom; ++r)
            most = std::max(most, absMax(rows + r * columns + left, right - left, hasNaN));
          outer = w.chooser.chooseOuter(most);
          storeOuter(outer, grids_[1].at(unit.first + top, left));
        }
        for (size_t r = top; r < bottom; r += across)
          for (size_t c = left; c < right; c += along) {
            Elements e = elementsOf(rows, r, std::min(across, bottom - r), c,
                                    std::min(along, right - c), w.block, w.importance);
            BlockParams &p = w.params[r / across * blockColumns + c / along];
            p = w.chooser.choose(e, outer);
            store(p, inner.at(unit.first + r, c));
          }
      }
  }

  void chooseSuperBlock(Worker &w, const Unit &unit, const float *rows, size_t top, size_t bottom,
                        size_t left, size_t right) {
    const LevelGrid &inner = grids_[0];
    const size_t across = inner.rowsPerBlock(), along = inner.columnsPerBlock();
    const size_t blockColumns = (geometry_.columns() + along - 1) / along;
    w.members.clear();
    size_t count = ((bottom - top) + across - 1) / across * (((right - left) + along - 1) / along);
    w.tiles.resize(std::max(w.tiles.size(), count));
    w.tileImportance.resize(w.tiles.size());
    for (size_t r = top; r < bottom; r += across)
      for (size_t c = left; c < right; c += along) {
        size_t i = w.members.size();
        w.members.push_back(elementsOf(rows, r, std::min(across, bottom - r), c,
                                       std::min(along, right - c), w.tiles[i],
                                       w.tileImportance[i]));
      }
    OuterParams outer = w.chooser.chooseSuperBlock(w.members, w.superParams);
    storeOuter(outer, grids_[1].whole() ? 0 : grids_[1].at(unit.first + top, left));
    size_t i = 0;
    for (size_t r = top; r < bottom; r += across)
      for (size_t c = left; c < right; c += along) {
        w.params[r / across * blockColumns + c / along] = w.superParams[i];
        store(w.superParams[i++], inner.at(unit.first + r, c));
      }
  }

  void encodeRow(Worker &w, const Unit &unit, size_t row, const float *x, uint16_t *codes) {
    const size_t columns = geometry_.columns();
    const bool oneBlock = grids_.empty() || grids_[0].whole();
    const size_t along = oneBlock ? columns : grids_[0].columnsPerBlock();
    const size_t blockColumns = (columns + along - 1) / along;
    const BlockParams *params = w.params.data();
    if (!oneBlock)
      params += row / grids_[0].rowsPerBlock() * blockColumns;
    if (!spec_.hasTable && !coder_.isPointwise()) {
      for (size_t c = 0; c < columns; c += along)
        coder_.encode(params[c / along], x + c, std::min(along, columns - c), codes + c);
      return;
    }
    // Blocks are normalized together: one long loop of the encoder is faster than many short ones.
    // But what was normalized should still be in the cache.
    constexpr size_t cached = 2048;
    const size_t stretch = spec_.hasTable ? columns : std::max(cached / along, size_t(1)) * along;
    w.y.resize(std::min(stretch, columns));
    for (size_t begin = 0; begin < columns; begin += stretch) {
      const size_t end = std::min(columns, begin + stretch);
      for (size_t c = begin; c < end; c += along)
        coder_.normalize(params[c / along], x + c, std::min(along, end - c),
                         w.y.data() + (c - begin));
      if (!spec_.hasTable)
        coder_.encodeNormalized(w.y.data(), end - begin, codes + begin);
    }
    if (spec_.hasTable)
      learn(w, unit.first + row, params, along, codes);
  }

  /// A table for the row of w.y, and its codes.
  void learn(Worker &w, size_t row, const BlockParams *params, size_t along, uint16_t *codes) {
    const size_t columns = geometry_.columns(), entries = size_t(1) << spec_.element->width();
    w.weights.resize(columns);
    for (size_t c = 0; c < columns; ++c) {
      // An error of y is an error of x times the scale.
      double s = params[c / along].wholeScale;
      s = std::isfinite(s) ? s : 0;
      w.weights[c] = s * s * (importance_.empty() ? 1.0 : static_cast<double>(importance_[c]));
    }
    std::span<float> table(out_.table.values.data() + row * entries, entries);
    learnTable(w.y, w.weights, table);
    for (size_t i = 0; i < entries; ++i) {
      Stored s = w.tableStore(table[i]);
      put(out_.table, row * entries + i, s);
    }
    encodeByTable(table, w.y, codes);
  }

  const FormatSpec &spec_;
  std::span<const float> x_;
  BlockQuantized &out_;
  const BlockOptions &options_;
  Geometry geometry_;
  BlockCoder coder_;
  std::vector<LevelGrid> grids_;
  std::vector<Unit> units_;
  std::vector<float> importance_;
  std::vector<std::unique_ptr<Worker>> workers_;
  BlockParams tensorParams_;
  OuterParams tensorOuter_;
};

} // namespace

static std::string checkTensor(const FormatSpec &spec, std::span<const float> x,
                               std::span<const int64_t> shape, std::span<const AxisRole> roles,
                               const BlockOptions &options) {
  if (shape.size() != roles.size())
    return "each axis of the tensor needs a role";
  size_t contracted = 0, across = 0, k = 1;
  size_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 || (shape[i] > 0 && count > SIZE_MAX / static_cast<size_t>(shape[i])))
      return "the shape of the tensor has no size";
    count *= static_cast<size_t>(shape[i]);
    contracted += roles[i] == AxisRole::Contracted;
    across += roles[i] == AxisRole::Across;
    if (roles[i] == AxisRole::Contracted)
      k = static_cast<size_t>(shape[i]);
  }
  if (contracted > 1 || across > 1)
    return "a tensor has at most one contracted axis and one axis across it";
  if (count != x.size())
    return "the tensor has " + std::to_string(x.size()) + " elements, but its shape " +
           std::to_string(count);
  if (!options.importance.empty() && options.importance.size() != k)
    return "importance is given for " + std::to_string(options.importance.size()) +
           " indices, but the contracted axis has " + std::to_string(k);
  if (options.rounding && isStochastic(*options.rounding))
    return "blocks are rounded deterministically, not at random";
  if (contracted == 0)
    for (const ScaleLevel &level : spec.levels)
      if (level.along != 0)
        return "'" + spec.str() + "' has groups along the contracted axis, which the tensor lacks";
  return {};
}

bool quantizeBlocks(const FormatSpec &spec, std::span<const float> x,
                    std::span<const int64_t> shape, std::span<const AxisRole> roles,
                    BlockQuantized &out, std::string &error, const BlockOptions &options) {
  error = checkTensor(spec, x, shape, roles, options);
  if (!error.empty())
    return false;
  out = {};
  Quantizer(spec, x, shape, roles, out, options).run();
  return true;
}

void dequantizeBlocks(const BlockQuantized &q, std::span<const AxisRole> roles, std::span<float> x,
                      unsigned threads) {
  if (x.empty())
    return;
  Geometry geometry(q.shape, roles);
  std::vector<LevelGrid> grids;
  for (const ScaleLevel &level : q.spec.levels)
    grids.emplace_back(level, q.shape, roles, geometry);
  const BlockCoder coder(q.spec, {});
  const size_t columns = geometry.columns(), entries = size_t(1) << q.spec.element->width();
  const size_t along = grids.empty() ? columns : grids[0].columnsPerBlock();
  auto whole = [&](const std::vector<LevelValues> &levels, size_t row, size_t column, float none) {
    float product = none;
    for (size_t i = 0; i < levels.size(); ++i) {
      float v = levels[i].values[grids[i].at(row, column)];
      product = i == 0 ? v : product * v;
    }
    return product;
  };
  // Rows that lie side by side go together.
  constexpr size_t height = 16;
  struct Scratch {
    std::vector<uint16_t> codes;
    std::vector<float> values;
  };
  std::vector<Scratch> scratch(std::max(threads, 1u));
  const size_t units = (geometry.rows() + height - 1) / height;
  parallelFor(
      units, std::max<size_t>(1, 4096 / columns), threads, [&](unsigned thread, size_t unit) {
        const size_t first = unit * height, count = std::min(height, geometry.rows() - first);
        const uint16_t *codes = q.codes.data() + first * columns;
        float *values = x.data() + first * columns;
        Scratch &s = scratch[thread];
        if (!geometry.contiguous()) {
          s.codes.resize(count * columns);
          s.values.resize(count * columns);
          geometry.gather(q.codes.data(), first, count, s.codes.data());
          codes = s.codes.data();
          values = s.values.data();
        }
        for (size_t r = 0; r < count; ++r)
          for (size_t c = 0; c < columns; c += along) {
            const size_t row = first + r;
            BlockParams p;
            p.wholeScale = whole(q.scales, row, c, 1);
            p.wholeNegative = whole(q.negativeScales, row, c, 1);
            p.wholeOffset = whole(q.offsets, row, c, 0);
            if (!q.zeros.empty())
              p.zero = q.zeros[grids[0].at(row, c)];
            if (!q.floatZeros.empty())
              p.floatZero = q.floatZeros[grids[0].at(row, c)];
            coder.decode(p, codes + r * columns + c, std::min(along, columns - c),
                         q.spec.hasTable ? q.table.values.data() + row * entries : nullptr,
                         values + r * columns + c);
          }
        if (!geometry.contiguous())
          geometry.scatter(values, first, count, x.data());
      });
}

} // namespace lpc::num
