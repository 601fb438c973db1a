// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The spellings of minifloats: named members, aliases, `e<E>m<M>` and its options.
#include "Families.h"
#include "Text.h"

#include <cstdlib>

namespace lpc::num {
namespace {

struct Named {
  std::string_view name;
  MinifloatParams params;
};

// name, {E, M, bias, specials, signed, subnormals}
constexpr Named namedMembers[] = {
    {"e2m1", {2, 1, 1, Specials::Finite, true, true}},
    {"e2m3", {2, 3, 1, Specials::Finite, true, true}},
    {"e3m2", {3, 2, 3, Specials::Finite, true, true}},
    {"e4m3", {4, 3, 7, Specials::FN, true, true}},
    {"e4m3.ieee", {4, 3, 7, Specials::IEEE, true, true}},
    {"e5m2", {5, 2, 15, Specials::IEEE, true, true}},
    {"e3m4", {3, 4, 3, Specials::IEEE, true, true}},
    {"e4m3fnuz", {4, 3, 8, Specials::FNUZ, true, true}},
    {"e5m2fnuz", {5, 2, 16, Specials::FNUZ, true, true}},
    {"e4m3b11fnuz", {4, 3, 11, Specials::FNUZ, true, true}},
    {"e8m0", {8, 0, 127, Specials::FN, false, false}},
    {"ue4m3", {4, 3, 7, Specials::FN, false, true}},
    {"ue5m3", {5, 3, 15, Specials::FN, false, true}},
    {"bf16", {8, 7, 127, Specials::IEEE, true, true}},
    {"fp16", {5, 10, 15, Specials::IEEE, true, true}},
    {"tf32", {8, 10, 127, Specials::IEEE, true, true}},
};

struct Alias {
  std::string_view spelling, name;
};

constexpr Alias aliases[] = {
    {"e2m1fn", "e2m1"}, {"e2m3fn", "e2m3"},  {"e3m2fn", "e3m2"},
    {"e4m3fn", "e4m3"}, {"e8m0fnu", "e8m0"}, {"ue8m0", "e8m0"},
    {"f16", "fp16"},    {"fp8", "e4m3"},     {"fp4", "e2m1"},
};

constexpr std::string_view specialsWords[] = {"ieee", "fn", "fnuz", "finite", "extended"};

const MinifloatParams *findNamed(std::string_view head) {
  for (const Alias &alias : aliases)
    if (alias.spelling == head)
      head = alias.name;
  for (const Named &named : namedMembers)
    if (named.name == head)
      return &named.params;
  return nullptr;
}

/// What `e<E>m<M>` means by itself: IEEE's bias, no special values.
MinifloatParams genericParams(unsigned exponentBits, unsigned mantissaBits, bool isSigned) {
  MinifloatParams p;
  p.exponentBits = exponentBits;
  p.mantissaBits = mantissaBits;
  p.bias = exponentBits == 0 ? 1 : (1 << (exponentBits - 1)) - 1;
  p.isSigned = isSigned;
  return p;
}

/// The parameters that `head` stands for before its options.
std::optional<MinifloatParams> headParams(std::string_view head, std::string &reason) {
  if (const MinifloatParams *named = findNamed(head))
    return *named;
  bool isSigned = !head.starts_with('u');
  std::string_view rest = head.substr(isSigned ? 0 : 1);
  size_t m = rest.find('m');
  if (!rest.starts_with('e') || m == std::string_view::npos)
    return std::nullopt;
  std::string_view e = rest.substr(1, m - 1);
  rest.remove_prefix(m + 1);
  auto isNumber = [](std::string_view s) {
    return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!isNumber(e) || !isNumber(rest))
    return std::nullopt;
  auto exponentBits = detail::parseDecimal(e, 16), mantissaBits = detail::parseDecimal(rest, 16);
  if (!exponentBits || !mantissaBits) {
    reason = "a minifloat has at most 19 bits";
    return std::nullopt;
  }
  return genericParams(*exponentBits, *mantissaBits, isSigned);
}

/// Applies one option to `p`; returns the reason if it is none of ours.
std::string applyOption(MinifloatParams &p, const detail::Spelling::Option &option) {
  if (option.value) {
    if (option.key == "bias") {
      auto bias = detail::parseSigned(*option.value, 99999);
      if (!bias)
        return "the bias must be a whole number, not " + detail::quoted(*option.value);
      p.bias = *bias;
      return {};
    }
    if (option.key == "specials") {
      for (size_t i = 0; i < std::size(specialsWords); ++i) {
        if (specialsWords[i] != *option.value)
          continue;
        p.specials = static_cast<Specials>(i);
        return {};
      }
      return "specials is one of ieee, fn, fnuz, finite, extended, not " +
             detail::quoted(*option.value);
    }
  } else if (option.key == "signed" || option.key == "unsigned") {
    p.isSigned = option.key == "signed";
    return {};
  } else if (option.key == "subnormals" || option.key == "nosubnormals") {
    p.subnormals = option.key == "subnormals";
    return {};
  }
  return "the options of a minifloat are bias=<number>, specials=<word>, signed, unsigned, "
         "subnormals and "
         "nosubnormals, not " +
         detail::quoted(option.key);
}

} // namespace

std::string detail::minifloatName(const MinifloatParams &p) {
  for (const Named &named : namedMembers)
    if (named.params == p)
      return std::string(named.name);
  std::string head = "e" + std::to_string(p.exponentBits) + "m" + std::to_string(p.mantissaBits);
  if (!p.isSigned)
    head = "u" + head;
  // The options say how the parameters differ from what the head alone means.
  const MinifloatParams *named = findNamed(head);
  MinifloatParams base = named ? *named : genericParams(p.exponentBits, p.mantissaBits, p.isSigned);
  std::string options;
  auto add = [&](std::string_view option) {
    options += options.empty() ? '<' : ',';
    options += option;
  };
  if (p.bias != base.bias)
    add("bias=" + std::to_string(p.bias));
  if (p.specials != base.specials)
    add("specials=" + std::string(specialsWords[static_cast<size_t>(p.specials)]));
  if (p.isSigned != base.isSigned)
    add(p.isSigned ? "signed" : "unsigned");
  if (p.subnormals != base.subnormals)
    add(p.subnormals ? "subnormals" : "nosubnormals");
  return options.empty() ? head : head + options + ">";
}

detail::ParseResult detail::parseMinifloat(const Spelling &spelling) {
  std::string reason;
  std::optional<MinifloatParams> params = headParams(spelling.head, reason);
  if (!params)
    return reason.empty() ? ParseResult::notMine() : ParseResult::refuse(std::move(reason));
  for (const Spelling::Option &option : spelling.options)
    if (reason = applyOption(*params, option); !reason.empty())
      return ParseResult::refuse(std::move(reason));
  const Format *format = MinifloatFormat::get(*params, &reason);
  return format ? ParseResult::found(format) : ParseResult::refuse(std::move(reason));
}

void detail::listMinifloatNames(std::vector<std::string> &names) {
  for (const Named &named : namedMembers)
    names.emplace_back(named.name);
}

} // namespace lpc::num
