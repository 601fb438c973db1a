// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weighted k-means in one dimension. The values are sorted once; then a cluster is an interval, its
// sums are differences of prefix sums, and a step of Lloyd's iteration costs a few binary searches.
#include "LearnedTable.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lpc::num::detail {

namespace {

class SortedPoints {
public:
  SortedPoints(std::span<const float> y, std::span<const double> w) {
    std::vector<uint32_t> order;
    order.reserve(y.size());
    for (size_t i = 0; i < y.size(); ++i)
      if (std::isfinite(y[i]))
        order.push_back(static_cast<uint32_t>(i));
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return y[a] != y[b] ? y[a] < y[b] : a < b; });
    double sw = 0, sy = 0, syy = 0;
    weight_.push_back(0);
    first_.push_back(0);
    second_.push_back(0);
    for (uint32_t i : order) {
      double v = y[i], m = w.empty() ? 1.0 : w[i];
      value_.push_back(v);
      weight_.push_back(sw += m);
      first_.push_back(sy += m * v);
      second_.push_back(syy += m * v * v);
    }
  }

  bool empty() const { return value_.empty(); }
  double least() const { return value_.front(); }
  double most() const { return value_.back(); }
  /// The value below which a share of the weight lies.
  double quantile(double share) const {
    auto it = std::lower_bound(weight_.begin() + 1, weight_.end(), share * weight_.back());
    size_t i = static_cast<size_t>(it - weight_.begin()) - 1;
    return value_[std::min(i, value_.size() - 1)];
  }

  /// Moves centres until they rest; returns the error.
  double iterate(std::vector<double> &centres) const {
    constexpr int mostSteps = 100;
    double error = std::numeric_limits<double>::infinity();
    for (int step = 0; step < mostSteps; ++step) {
      double now = 0;
      size_t from = 0;
      for (size_t c = 0; c < centres.size(); ++c) {
        size_t to = value_.size();
        if (c + 1 < centres.size()) {
          double border = centres[c] / 2 + centres[c + 1] / 2;
          to = static_cast<size_t>(std::upper_bound(value_.begin() + static_cast<ptrdiff_t>(from),
                                                    value_.end(), border) -
                                   value_.begin());
        }
        double m = weight_[to] - weight_[from], s = first_[to] - first_[from];
        // The border was computed from the old centre; moving it now would mix old and new.
        next_.push_back(m > 0 ? s / m : centres[c]);
        now += second_[to] - second_[from] - (m > 0 ? s * s / m : 0);
        from = to;
      }
      std::swap(centres, next_);
      next_.clear();
      // Centres of empty clusters stay where they are and may have been passed.
      std::sort(centres.begin(), centres.end());
      if (!(now < error))
        break;
      error = now;
    }
    return error;
  }

private:
  std::vector<double> value_, weight_, first_, second_;
  mutable std::vector<double> next_;
};

} // namespace

void learnTable(std::span<const float> y, std::span<const double> w, std::span<float> table) {
  std::fill(table.begin(), table.end(), 0.0f);
  SortedPoints points(y, w);
  if (points.empty())
    return;
  const size_t k = table.size();
  std::vector<double> best, centres(k);
  double bestError = std::numeric_limits<double>::infinity();
  // Three beginnings: equal weights, equal steps, and halfway between, which suits a bell best.
  for (double mix : {0.5, 0.0, 1.0}) {
    for (size_t i = 0; i < k; ++i) {
      double at = (static_cast<double>(i) + 0.5) / static_cast<double>(k);
      double even = points.least() + (points.most() - points.least()) * at;
      centres[i] = mix * even + (1 - mix) * points.quantile(at);
    }
    std::sort(centres.begin(), centres.end());
    double error = points.iterate(centres);
    if (best.empty() || error < bestError) {
      best = centres;
      bestError = error;
    }
  }
  for (size_t i = 0; i < k; ++i)
    table[i] = static_cast<float>(best[i]);
}

void encodeByTable(std::span<const float> table, std::span<const float> y, uint16_t *codes) {
  const size_t k = table.size();
  std::vector<double> border(k, std::numeric_limits<double>::infinity());
  std::vector<uint16_t> lowest(k);
  for (size_t i = 0; i < k; ++i) {
    lowest[i] = static_cast<uint16_t>(i > 0 && table[i] == table[i - 1] ? lowest[i - 1] : i);
    if (i + 1 < k)
      border[i] = (static_cast<double>(table[i]) + static_cast<double>(table[i + 1])) / 2;
  }
  for (size_t j = 0; j < y.size(); ++j) {
    const double v = y[j];
    size_t at = 0;
    if (k <= 32) {
      for (size_t i = 0; i < k; ++i)
        at += v > border[i];
      at = std::min(at, k - 1); // +inf is above every border
    } else {
      while (at + 1 < k && v > border[at])
        ++at;
    }
    codes[j] = lowest[at];
  }
}

} // namespace lpc::num::detail
