// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kquant: integer scales (and offsets) of blocks, under one scale of the super-block.
//
// Each block first gets the real scale and offset of least squared error: for several trial scales
// the elements are rounded, and for those codes the best scale and offset follow from the normal
// equations. Then the super-block's scale is what the largest block scale needs, the block scales
// are rounded to it, and for each block the neighbours of the rounded scale and offset are tried.
#include "BlockRules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lpc::num::detail {

/// To the nearest integer, ties to even, for magnitudes below 2^51: the sum has no fraction bits.
static inline double nearest(double x) {
  constexpr double magic = 6755399441055744.0; // 1.5 * 2^52
  return (x + magic) - magic;
}

/// q = clamp(nearest((x - offset) * inverse)).
LPC_MULTIVERSION static void roundToCodes(const double *x, size_t n, double offset, double inverse,
                                          double lo, double hi, double *q) {
  for (size_t i = 0; i < n; ++i) {
    double t = (x[i] - offset) * inverse;
    t = t < lo ? lo : t;
    t = t > hi ? hi : t;
    q[i] = nearest(t);
  }
}

LPC_MULTIVERSION static void squaredErrors(const double *x, const double *w, const double *q,
                                           size_t n, double scale, double offset, double *e) {
  for (size_t i = 0; i < n; ++i) {
    double d = x[i] - (q[i] * scale + offset);
    e[i] = w[i] * d * d;
  }
}

namespace {

/// y = scale * q + offset.
struct Line {
  double scale = 0, offset = 0;
  double error = std::numeric_limits<double>::infinity();
};

class LineFit {
public:
  LineFit(const Elements &e, double lo, double hi, bool hasOffset)
      : lo_(lo), hi_(hi), hasOffset_(hasOffset) {
    for (size_t i = 0; i < e.n; ++i) {
      if (!std::isfinite(e.x[i])) // Counts for nothing; it saturates later.
        continue;
      x_.push_back(e.x[i]);
      w_.push_back(e.importance ? static_cast<double>(e.importance[i]) : 1.0);
    }
    q_.resize(x_.size());
  }

  Line best() {
    Line best;
    if (x_.empty())
      return {0, 0, 0};
    auto [least, most] = std::minmax_element(x_.begin(), x_.end());
    if (hasOffset_)
      searchWithOffset(std::min(*least, 0.0), *most, best);
    else
      searchCentred(*least, *most, best);
    return best;
  }

  /// The error of stored parameters, with the codes that they get.
  double error(double scale, double offset) {
    trial_.resize(x_.size());
    errors_.resize(x_.size());
    roundToCodes(x_.data(), x_.size(), offset, scale == 0 ? 0 : 1 / scale, lo_, hi_, trial_.data());
    squaredErrors(x_.data(), w_.data(), trial_.data(), x_.size(), scale, offset, errors_.data());
    double sum = 0;
    for (double e : errors_)
      sum += e;
    return sum;
  }

private:
  void round(double scale, double offset) {
    roundToCodes(x_.data(), x_.size(), offset, 1 / scale, lo_, hi_, q_.data());
  }

  /// The best line through the codes q_, and what it costs.
  void refit(Line &best) {
    double sw = 0, sq = 0, sqq = 0, sx = 0, sqx = 0;
    for (size_t i = 0; i < x_.size(); ++i) {
      sw += w_[i];
      sq += w_[i] * q_[i];
      sqq += w_[i] * q_[i] * q_[i];
      sx += w_[i] * x_[i];
      sqx += w_[i] * q_[i] * x_[i];
    }
    Line line{sqq > 0 ? sqx / sqq : 0, 0};
    double det = sw * sqq - sq * sq;
    if (hasOffset_ && det > 0) {
      double scale = (sw * sqx - sq * sx) / det, offset = (sqq * sx - sq * sqx) / det;
      // Offsets have one sign: what the format stores is a magnitude that is subtracted.
      if (offset <= 0 && scale > 0)
        line = {scale, offset};
    }
    line.error = error(line.scale, line.offset);
    if (line.error < best.error)
      best = line;
  }

  void searchWithOffset(double least, double most, Line &best) {
    if (most <= least) {
      best = {0, least, error(0, least)};
      return;
    }
    best = {(most - least) / hi_, least, error((most - least) / hi_, least)};
    for (int step = -10; step <= 5; ++step) {
      double scale = (most - least) / (hi_ - 0.1 * step);
      round(scale, least);
      refit(best);
    }
    for (int again = 0; again < 4 && best.scale > 0; ++again) {
      round(best.scale, best.offset);
      refit(best);
    }
  }

  void searchCentred(double least, double most, Line &best) {
    double extreme = -least > most ? least : most;
    if (extreme == 0) {
      best = {0, 0, 0};
      return;
    }
    // The extreme value on the longer side of the codes, or on the other one.
    for (double end : {lo_, hi_}) {
      double base = extreme / end;
      for (int step = -9; step <= 9; ++step) {
        round(base / (1 - 0.1 * step / end * (end < 0 ? -1 : 1)), 0);
        refit(best);
      }
    }
    for (int again = 0; again < 2 && best.scale != 0; ++again) {
      round(best.scale, 0);
      refit(best);
    }
  }

  std::vector<double> x_, w_, q_, trial_, errors_;
  double lo_, hi_;
  bool hasOffset_;
};

} // namespace

/// The outer number under which `wanted` becomes the largest inner one. Where the format has none
/// so small it is the least one, under which fewer inner numbers are of use, but not none.
static Stored outerFor(double wanted, const StoredFormat &inner, const StoredFormat &outer) {
  const float t = static_cast<float>(wanted / static_cast<double>(inner.max()));
  const Format *f = outer.format();
  if (!f || t >= 0)
    return outer.positive(t);
  Stored s = outer(t);
  if (s.value == 0)
    s = outer(static_cast<float>(-f->minPositive()));
  return s;
}

OuterParams BlockChooser::chooseSuperBlock(std::span<const Elements> blocks,
                                           std::vector<BlockParams> &params) {
  const bool hasOffset = spec_.zeroPoint == ZeroPointKind::Offset;
  const Format &f = coder_.element();
  std::vector<LineFit> fits;
  std::vector<Line> lines;
  double largest = 0, lowest = 0;
  for (const Elements &e : blocks) {
    fits.emplace_back(e, f.lowest(), f.max(), hasOffset);
    lines.push_back(fits.back().best());
    if (std::fabs(lines.back().scale) > std::fabs(largest))
      largest = lines.back().scale;
    lowest = std::min(lowest, lines.back().offset);
  }
  OuterParams outer;
  outer.scale = outerFor(std::fabs(largest), scale_, outer_);
  if (hasOffset)
    outer.offset = outerFor(lowest, offset_, outerOffset_);
  else
    outer.offset.value = 0;

  params.assign(blocks.size(), {});
  for (size_t i = 0; i < blocks.size(); ++i) {
    const double ds = outer.scale.value, dm = outer.offset.value;
    const double s = ds == 0 ? 0 : std::nearbyint(lines[i].scale / ds);
    const double m = dm == 0 ? 0 : std::nearbyint(lines[i].offset / dm);
    double bestError = std::numeric_limits<double>::infinity();
    auto consider = [&](double scale, double offset) {
      BlockParams p;
      p.scale = scale_(static_cast<float>(scale));
      p.wholeScale = p.scale.value * outer.scale.value;
      if (hasOffset) {
        p.offset = offset_(static_cast<float>(offset));
        p.wholeOffset = p.offset.value * outer.offset.value;
      }
      double error = fits[i].error(p.wholeScale, p.wholeOffset);
      if (error < bestError) {
        bestError = error;
        params[i] = p;
      }
    };
    for (double stepS : {0.0, -1.0, 1.0})
      for (double stepM : {0.0, -1.0, 1.0})
        if ((hasOffset && dm != 0) || stepM == 0)
          consider(s + stepS, m + stepM);
    // Where the outer numbers are as coarse as the block, zeros may be the best that there is.
    consider(0, 0);
  }
  return outer;
}

} // namespace lpc::num::detail
