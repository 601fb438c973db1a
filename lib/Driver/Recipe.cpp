// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads recipes. Each key is known by name; whatever else stands in the file is a mistake with a
// line.
#include "Recipe.h"

#include "lpc/Quantization/Calibration.h"
#include "lpc/Quantization/FormatChoice.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

using namespace lpc;
using namespace lpc::driver;
using llvm::StringRef;
namespace yaml = llvm::yaml;

namespace {

constexpr llvm::StringLiteral kKeys =
    "rewrites, weights, activations, weight-method, activation-method, keep or layers";

class Reader {
public:
  Reader(StringRef path, llvm::MemoryBufferRef buffer, Recipe &recipe)
      : path(path), stream(buffer, sources), recipe(recipe) {
    sources.setDiagHandler(
        [](const llvm::SMDiagnostic &d, void *reader) {
          static_cast<Reader *>(reader)->fail(d.getLineNo(), d.getMessage());
        },
        this);
  }

  Outcome run() {
    yaml::document_iterator document = stream.begin();
    yaml::Node *root = document == stream.end() ? nullptr : document->getRoot();
    if (auto *map = llvm::dyn_cast_or_null<yaml::MappingNode>(root))
      forEachEntry(map, [&](StringRef key, yaml::KeyValueNode &entry) { readKey(key, entry); });
    else if (root && !llvm::isa<yaml::NullNode>(root))
      fail(root, "expected a mapping with " + kKeys.str());
    else if (!stream.failed())
      fail(1, "expected a recipe, but the file is empty");
    if (error.empty() && stream.failed())
      fail(1, "is no YAML");
    if (error.empty() && ++document != stream.end())
      fail(1, "expected one document, but there are more");
    return error.empty() ? Outcome::ok() : Outcome::usage(error);
  }

private:
  /// The first mistake counts.
  void fail(int line, const llvm::Twine &why) {
    if (error.empty())
      error = (path + ":" + llvm::Twine(line) + ": " + why).str();
  }
  void fail(yaml::Node *node, const llvm::Twine &why) {
    // A value that is absent has no place of its own.
    llvm::SMLoc start = node->getSourceRange().Start;
    if (sources.FindBufferContainingLoc(start))
      line = sources.getLineAndColumn(start).first;
    fail(line, why);
  }

  std::string scalar(yaml::Node *node, const llvm::Twine &what) {
    llvm::SmallString<64> storage;
    if (auto *text = llvm::dyn_cast_or_null<yaml::ScalarNode>(node))
      return text->getValue(storage).str();
    if (node)
      fail(node, "expected " + what + " to be one word or number");
    return "";
  }

  void forEachEntry(yaml::MappingNode *map,
                    llvm::function_ref<void(StringRef, yaml::KeyValueNode &)> visit) {
    std::vector<std::string> seen;
    for (yaml::KeyValueNode &entry : *map) {
      std::string key = scalar(entry.getKey(), "a key");
      if (!error.empty())
        return;
      if (llvm::is_contained(seen, key))
        fail(entry.getKey(), "'" + key + "' is given twice");
      seen.push_back(key);
      line = sources.getLineAndColumn(entry.getKey()->getSourceRange().Start).first;
      visit(key, entry);
      if (!error.empty())
        return;
    }
  }

  void forEachItem(yaml::Node *node, StringRef key, llvm::function_ref<void(yaml::Node &)> visit) {
    auto *list = llvm::dyn_cast_or_null<yaml::SequenceNode>(node);
    if (!list)
      return llvm::isa_and_nonnull<yaml::NullNode>(node)
                 ? void()
                 : fail(node, "expected " + key + " to be a list");
    for (yaml::Node &item : *list) {
      visit(item);
      if (!error.empty())
        return;
    }
  }

  void readKey(StringRef key, yaml::KeyValueNode &entry) {
    std::string *text = llvm::StringSwitch<std::string *>(key)
                            .Case("weights", &recipe.weights)
                            .Case("activations", &recipe.activations)
                            .Case("weight-method", &recipe.weightMethod)
                            .Case("activation-method", &recipe.activationMethod)
                            .Case("keep", &recipe.keep)
                            .Default(nullptr);
    if (key == "rewrites")
      return forEachItem(entry.getValue(), key, [&](yaml::Node &step) { readStep(step); });
    if (key == "layers")
      return forEachItem(entry.getValue(), key, [&](yaml::Node &layer) { readLayer(layer); });
    if (!text)
      return fail(entry.getKey(), "expected " + kKeys + ", but got '" + key + "'");
    *text = scalar(entry.getValue(), "'" + key + "'");
    if (error.empty())
      check(entry.getValue(), key, *text);
  }

  /// Words and patterns, as they would be checked on the command line.
  void check(yaml::Node *node, StringRef key, const std::string &text) {
    std::string why;
    bool ok = true;
    if (key == "weights")
      ok = text == "float" || quant::parseWeightFormat(text, "", why);
    else if (key == "activations")
      ok = text == "float" || quant::parseActivationFormat(text, why);
    else if (key == "weight-method" && !(ok = quant::isWeightMethod(text)))
      why = "expected absmax or mse";
    else if (key == "activation-method" && !(ok = quant::parseRangeMethod(text).has_value()))
      why = "expected minmax, percentile or mse";
    else if (key == "keep" || key == "match")
      ok = llvm::Regex(text).isValid(why);
    if (!ok)
      fail(node, key + " '" + text + "': " + why);
  }

  /// `name`, or `name: {option: value}`.
  void readStep(yaml::Node &node) {
    RewriteStep step;
    if (auto *map = llvm::dyn_cast<yaml::MappingNode>(&node)) {
      unsigned count = 0;
      forEachEntry(map, [&](StringRef name, yaml::KeyValueNode &entry) {
        if (++count > 1)
          return fail(entry.getKey(), "expected one step for each item of rewrites, but got '" +
                                          name + "' beside '" + step.name + "'");
        step.name = name.str();
        readOptions(entry.getValue(), step);
      });
    } else {
      step.name = scalar(&node, "a step");
    }
    std::string why;
    if (error.empty() && !checkRewrite(step, why))
      fail(&node, why);
    recipe.rewrites.push_back(std::move(step));
  }

  void readOptions(yaml::Node *node, RewriteStep &step) {
    auto *map = llvm::dyn_cast_or_null<yaml::MappingNode>(node);
    if (!map)
      return llvm::isa_and_nonnull<yaml::NullNode>(node)
                 ? void()
                 : fail(node, "expected the options of '" + step.name +
                                  "' to be a mapping such as {alpha: 0.5}");
    forEachEntry(map, [&](StringRef key, yaml::KeyValueNode &entry) {
      std::string value = scalar(entry.getValue(), "option '" + key + "'");
      if (StringRef(value).find_first_of(" {}'\"") != StringRef::npos)
        value = "\"" + value + "\"";
      step.options += (step.options.empty() ? "" : " ") + key.str() + "=" + value;
    });
  }

  void readLayer(yaml::Node &node) {
    auto *map = llvm::dyn_cast<yaml::MappingNode>(&node);
    if (!map)
      return fail(&node, "expected a layer such as {match: \"head\", weights: int8/channel}");
    std::map<std::string, std::string> values;
    forEachEntry(map, [&](StringRef key, yaml::KeyValueNode &entry) {
      if (key != "match" && key != "weights" && key != "activations")
        return fail(entry.getKey(),
                    "expected match, weights or activations in a layer, but got '" + key + "'");
      std::string &value = values[key.str()] = scalar(entry.getValue(), "'" + key + "'");
      if (error.empty())
        check(entry.getValue(), key, value);
      if (error.empty() && StringRef(value).find_first_of(";=") != StringRef::npos)
        fail(entry.getValue(), key + " '" + value + "': ';' and '=' cannot stand here");
    });
    if (!error.empty())
      return;
    std::string match = values["match"];
    if (match.empty())
      return fail(&node, "expected a layer to have 'match', a regular expression over node names");
    // Both lists have every layer: the first match decides.
    auto add = [&](std::string &list, const std::string &format) {
      list += (list.empty() ? "" : ";") + match + "=" + format;
    };
    add(recipe.weightLayers, values["weights"]);
    add(recipe.activationLayers, values["activations"]);
  }

  StringRef path;
  llvm::SourceMgr sources;
  yaml::Stream stream;
  Recipe &recipe;
  std::string error;
  int line = 1; ///< of the last key
};

/// A list in which no layer has a format says nothing.
void dropIdle(std::string &layers) {
  llvm::SmallVector<StringRef> items;
  StringRef(layers).split(items, ';');
  if (llvm::all_of(items, [](StringRef item) { return item.empty() || item.ends_with("="); }))
    layers.clear();
}

} // namespace

Outcome Recipe::read(StringRef path, Recipe &recipe) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return Outcome::usage(("cannot read '" + path + "': " + buffer.getError().message()).str());
  Outcome outcome = Reader(path, (*buffer)->getMemBufferRef(), recipe).run();
  dropIdle(recipe.weightLayers);
  dropIdle(recipe.activationLayers);
  for (std::string *format : {&recipe.weights, &recipe.activations})
    if (*format == "float")
      format->clear();
  return outcome;
}
