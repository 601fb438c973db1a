// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Number lines: where the values of a format lie, as text and as SVG.
#include "FormatLine.h"

#include "FormatText.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

using namespace lpc;
using namespace lpc::driver;

namespace {
/// Maps [lo, hi] to [0, 1]; a single value lies in the middle.
struct Axis {
  double lo, hi;
  double at(double x) const { return hi > lo ? (x - lo) / (hi - lo) : 0.5; }
};

/// Positive magnitudes of one sign, ascending, as binary logarithms.
std::vector<double> logMagnitudes(const FormatFacts &facts, bool negative) {
  std::vector<double> logs;
  for (uint32_t code : facts.byValue) {
    double v = facts.format->decodeToDouble(code);
    if (negative ? v < 0 : v > 0)
      logs.push_back(std::log2(std::fabs(v)));
  }
  std::sort(logs.begin(), logs.end());
  return logs;
}

std::vector<double> allValues(const FormatFacts &facts) {
  std::vector<double> values;
  values.reserve(facts.byValue.size());
  for (uint32_t code : facts.byValue)
    values.push_back(facts.format->decodeToDouble(code));
  return values;
}
} // namespace

// -- text
// ------------------------------------------------------------------------------------------------

static std::string marks(const std::vector<double> &points, const Axis &axis, size_t width) {
  std::vector<size_t> count(width);
  for (double x : points)
    ++count[static_cast<size_t>(std::lround(axis.at(x) * static_cast<double>(width - 1)))];
  std::string line;
  for (size_t n : count)
    line += n == 0 ? ' ' : n == 1 ? '|' : n < 10 ? static_cast<char>('0' + n) : '#';
  return line;
}

/// Writes `label` centred at a place of the axis where nothing stands yet.
static void putLabel(std::string &line, double place, const std::string &label) {
  double room = static_cast<double>(line.size() - 1);
  long begin = std::lround(place * room) - static_cast<long>(label.size() / 2);
  begin =
      std::clamp<long>(begin, 0, static_cast<long>(line.size()) - static_cast<long>(label.size()));
  auto from = static_cast<size_t>(std::max(begin, 0L));
  size_t left = from ? from - 1 : 0, right = std::min(line.size(), from + label.size() + 1);
  if (line.find_first_not_of(' ', left) < right)
    return;
  line.replace(from, label.size(), label);
}

static std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string driver::numberLineText(const FormatFacts &facts, size_t width) {
  const num::Format &f = *facts.format;
  auto label = [&](uint32_t code) { return exactText(f.decode(code), 10); };
  std::string axisLine = "+" + std::string(width - 2, '-') + "+";

  std::vector<double> values = allValues(facts);
  Axis linear{values.front(), values.back()};
  std::string labels(width, ' ');
  putLabel(labels, 0, label(facts.lowest()));
  putLabel(labels, 1, label(facts.max()));
  if (linear.lo < 0 && linear.hi > 0)
    putLabel(labels, linear.at(0), "0");
  std::string out = "  linear  " + trimmed(marks(values, linear, width)) + "\n          " +
                    axisLine + "\n          " + trimmed(labels) + "\n";

  std::vector<double> logs = logMagnitudes(facts, false);
  if (logs.empty())
    return out;
  Axis logarithmic{logs.front(), logs.back()};
  labels.assign(width, ' ');
  putLabel(labels, 0, label(*facts.leastPositive()));
  putLabel(labels, 1, label(facts.max()));
  if (logarithmic.lo < 0 && logarithmic.hi > 0)
    putLabel(labels, logarithmic.at(0), "1");
  return out + "  log > 0 " + trimmed(marks(logs, logarithmic, width)) + "\n          " + axisLine +
         "\n          " + trimmed(labels) + "\n";
}

// -- SVG
// -------------------------------------------------------------------------------------------------

namespace {
constexpr double kWidth = 960, kMargin = 48, kLinearY = 140, kLogY = 280, kHeight = 360;

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", x);
  return text;
}

std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text)
    out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

/// A picture that grows by elements.
class Svg {
public:
  explicit Svg(const std::string &title) {
    out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(kWidth) + " " +
          number(kHeight) + "\" role=\"img\">\n<title>" + escaped(title) +
          "</title>\n<style>\n"
          "  text { font: 12px sans-serif; fill: #333; text-anchor: middle }\n"
          "  .title { font-size: 16px; font-weight: bold; text-anchor: start }\n"
          "  .note { fill: #777; text-anchor: start }\n"
          "  .axis { stroke: #333; stroke-width: 1.2 }\n"
          "  .grid { stroke: #ccc; stroke-width: 1 }\n"
          "  .value { stroke: #1f5fa8; stroke-width: 1 }\n"
          "  .binade { stroke: #c2410c; stroke-width: 1.6 }\n"
          "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  }
  void text(double x, double y, const std::string &t, const char *style = nullptr) {
    out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\"" +
           (style ? std::string(" class=\"") + style + "\"" : std::string()) + ">" + escaped(t) +
           "</text>\n";
  }
  void line(double x0, double y0, double x1, double y1, const char *style) {
    out += "<line x1=\"" + number(x0) + "\" y1=\"" + number(y0) + "\" x2=\"" + number(x1) +
           "\" y2=\"" + number(y1) + "\" class=\"" + style + "\"/>\n";
  }
  std::string finish() { return out + "</svg>\n"; }

private:
  std::string out;
};

double toX(double place) { return kMargin + place * (kWidth - 2 * kMargin); }

bool isPowerOfTwo(double log) { return log == std::floor(log); }

/// Ticks from `y` by `height`, powers of two longer; values that share a quarter of a pixel once.
void ticks(Svg &svg, const std::vector<std::pair<double, bool>> &points, double y, double height) {
  std::set<std::pair<long, bool>> drawn;
  for (bool binade : {false, true})
    for (auto [place, isBinade] : points)
      if (isBinade == binade && drawn.insert({std::lround(toX(place) * 4), binade}).second)
        svg.line(toX(place), y, toX(place), y + (binade ? 1.5 : 1) * height,
                 binade ? "binade" : "value");
}

/// 1, 2 or 5 times a power of ten such that at most eight of them fit into `range`.
double niceStep(double range) {
  double step = std::pow(10, std::floor(std::log10(range / 8)));
  for (double factor : {1, 2, 5, 10})
    if (range / (step * factor) <= 8)
      return step * factor;
  return step * 10;
}

void linearAxis(Svg &svg, const FormatFacts &facts) {
  std::vector<double> values = allValues(facts);
  Axis axis{values.front(), values.back()};
  if (axis.hi > axis.lo) {
    double step = niceStep(axis.hi - axis.lo);
    for (long k = std::lround(std::ceil(axis.lo / step)); k * step <= axis.hi; ++k) {
      char label[32];
      std::snprintf(label, sizeof label, "%.6g", k * step);
      svg.line(toX(axis.at(k * step)), kLinearY - 50, toX(axis.at(k * step)), kLinearY + 6, "grid");
      svg.text(toX(axis.at(k * step)), kLinearY + 20, label);
    }
  }
  std::vector<std::pair<double, bool>> points;
  points.reserve(values.size());
  for (double v : values)
    points.push_back({axis.at(v), v == 0 || isPowerOfTwo(std::log2(std::fabs(v)))});
  ticks(svg, points, kLinearY, -30);
  svg.line(kMargin, kLinearY, kWidth - kMargin, kLinearY, "axis");
}

void logAxis(Svg &svg, const FormatFacts &facts) {
  std::vector<double> above = logMagnitudes(facts, false), below = logMagnitudes(facts, true);
  if (above.empty() && below.empty())
    return;
  Axis axis{HUGE_VAL, -HUGE_VAL};
  for (const auto *logs : {&above, &below})
    if (!logs->empty()) {
      axis.lo = std::min(axis.lo, logs->front());
      axis.hi = std::max(axis.hi, logs->back());
    }
  double step = std::max(1.0, std::ceil((axis.hi - axis.lo) / 14));
  for (long k = std::lround(std::ceil(axis.lo / step)); k * step <= axis.hi; ++k) {
    double x = toX(axis.at(k * step));
    svg.line(x, kLogY - 50, x, kLogY + 50, "grid");
    svg.text(x, kLogY + 66, "2^" + std::to_string(static_cast<int>(k * step)));
  }
  auto half = [&](const std::vector<double> &logs, double height) {
    std::vector<std::pair<double, bool>> points;
    points.reserve(logs.size());
    for (double l : logs)
      points.push_back({axis.at(l), isPowerOfTwo(l)});
    ticks(svg, points, kLogY, height);
  };
  half(above, -30);
  half(below, 30);
  svg.line(kMargin, kLogY, kWidth - kMargin, kLogY, "axis");
  svg.text(kMargin, kLogY - 56,
           below.empty() ? "logarithmic" : "logarithmic: positive above, negative below", "note");
}
} // namespace

std::string driver::numberLineSvg(const FormatFacts &facts) {
  const num::Format &f = *facts.format;
  Svg svg(f.name());
  svg.text(kMargin, 28, f.name(), "title");
  svg.text(kMargin, 46,
           counted(f.width(), "bit") + ", " + counted(facts.byValue.size(), "value") + " from " +
               exactText(f.decode(facts.lowest()), 10) + " to " +
               exactText(f.decode(facts.max()), 10) + "; powers of two and zero stand out",
           "note");
  svg.text(kMargin, kLinearY - 56, "linear", "note");
  linearAxis(svg, facts);
  logAxis(svg, facts);
  return svg.finish();
}
