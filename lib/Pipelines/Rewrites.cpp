// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-rewrite-pipeline: steps are found in the registry of passes, so that a new pass is a step
// without more.
#include "lpc/Pipelines/Rewrites.h"

#include "dialects/Nn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace lpc;
using llvm::StringRef;

bool lpc::parseRewrites(StringRef text, std::vector<RewriteStep> &steps, std::string &error) {
  auto add = [&](StringRef item) {
    item = item.trim();
    auto [name, rest] = item.split('{');
    name = name.trim();
    bool isWord = !name.empty() && llvm::all_of(name, [](char c) {
      return llvm::isAlnum(c) || c == '-' || c == '_';
    });
    bool hasOptions = item.contains('{');
    if (!isWord || (hasOptions && !rest.ends_with("}"))) {
      error = "expected steps such as fold-norm-gains,rotate-axes{axes=all}, but got '" +
              item.str() + "'";
      return false;
    }
    steps.push_back({name.str(), hasOptions ? rest.drop_back().trim().str() : ""});
    return true;
  };
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += (text[i] == '{') - (text[i] == '}');
    if (text[i] != ',' || depth > 0)
      continue;
    if (!add(text.slice(begin, i)))
      return false;
    begin = i + 1;
  }
  return add(text.drop_front(begin));
}

/// Adds the pass of a step.
static bool add(OpPassManager &pm, const RewriteStep &step, std::string &error) {
  std::string flag = "lpc-" + step.name;
  const PassInfo *info = PassInfo::lookup(flag);
  if (!info) {
    error = "there is no rewrite '" + step.name + "': docs/Recipes.md lists them";
    return false;
  }
  // A pass on functions is nested in the module's manager.
  OpPassManager::Nesting nesting = pm.getNesting();
  pm.setNesting(OpPassManager::Nesting::Implicit);
  std::string why;
  LogicalResult added =
      info->addToPipeline(pm, step.options, [&](const Twine &message) -> LogicalResult {
        why = message.str();
        return failure();
      });
  pm.setNesting(nesting);
  if (succeeded(added))
    return true;
  StringRef reason = StringRef(why).trim();
  reason.consume_front("<Pass-Options-Parser>: ");
  error = "rewrite '" + step.name + "' does not take {" + step.options + "}" +
          (reason.empty() ? "" : ": " + reason.str());
  return false;
}

/// The step as MLIR prints it, all options with their values; empty if it is none.
static std::string spell(const RewriteStep &step, std::string &error) {
  OpPassManager scratch(ModuleOp::getOperationName(), OpPassManager::Nesting::Implicit);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (add(scratch, step, error))
    scratch.printAsTextualPipeline(os);
  return text;
}

bool lpc::checkRewrite(const RewriteStep &step, std::string &error) {
  return !spell(step, error).empty();
}

bool lpc::needsStatistics(const RewriteStep &step) {
  std::string ignored, text = spell(step, ignored);
  StringRef rest = StringRef(text).split("statistics=").second;
  return rest.starts_with(" ") || rest.starts_with("}");
}

void lpc::addRewritePreparation(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(nn::createRaiseIdiomsPass());
}

void lpc::addRewrite(OpPassManager &pm, const RewriteStep &step) {
  std::string error;
  if (!add(pm, step, error))
    llvm::reportFatalInternalError("a rewrite was not checked: " + Twine(error));
}

void lpc::registerRewritePipeline() {
  registerPassPipeline(
      "lpc-rewrite-pipeline", "nn to nn: raise idioms, then the steps of a recipe",
      [](OpPassManager &pm, StringRef text,
         llvm::function_ref<LogicalResult(const Twine &)> fail) -> LogicalResult {
        RewriteOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        std::vector<RewriteStep> steps;
        std::string error;
        if (!parseRewrites(options.steps, steps, error))
          return fail("option steps: " + error);
        addRewritePreparation(pm);
        for (const RewriteStep &step : steps)
          if (!add(pm, step, error))
            return fail("option steps: " + error);
        return success();
      },
      [](llvm::function_ref<void(const detail::PassOptions &)> show) { show(RewriteOptions()); });
}
