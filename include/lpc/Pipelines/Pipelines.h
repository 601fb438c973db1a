// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named pipelines from ONNX to linalg. `lpc compile` and `lpc-opt` run the same functions.
#ifndef LPC_PIPELINES_PIPELINES_H
#define LPC_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace lpc {

/// onnx -> nn: conversion, constant folding. Contract: no onnx operation is left.
void buildONNXToNnPipeline(mlir::OpPassManager &pm);

/// Formats of the nn -> lp pipeline. Spellings are those of docs/Formats.md; empty means float.
struct NnToLpOptions : mlir::PassPipelineOptions<NnToLpOptions> {
  Option<std::string> weights{
      *this, "weights", llvm::cl::desc("Format of weights, for example int4/g128; empty: float")};
  Option<std::string> activations{
      *this, "activations",
      llvm::cl::desc("Format of activations, for example int8/token; empty: float")};
  Option<std::string> weightLayers{
      *this, "weight-layers",
      llvm::cl::desc("Formats of weights by node name: regex=format;..., first match wins")};
  Option<std::string> activationLayers{
      *this, "activation-layers",
      llvm::cl::desc("Formats of activations by node name: regex=format;..., first match wins")};
  Option<std::string> calibration{
      *this, "calibration", llvm::cl::desc("Calibration file for static activation scales (JSON)")};
  Option<std::string> weightMethod{*this, "weight-method",
                                   llvm::cl::desc("Choice of weight scales: absmax or mse"),
                                   llvm::cl::init("absmax")};
  Option<std::string> activationMethod{
      *this, "activation-method",
      llvm::cl::desc("Choice of static ranges: minmax, percentile or mse"),
      llvm::cl::init("minmax")};
  Option<std::string> keep{
      *this, "keep",
      llvm::cl::desc("Regular expression over node names: these contractions stay in float")};
};

/// nn -> nn with observers, what calibration compiles and runs.
void buildObservePipeline(mlir::OpPassManager &pm, const NnToLpOptions &options);

/// nn -> nn with pairs of lp.quantize and lp.dequantize: the first part of the next one, and what
/// `lpc quantize` writes into a file.
void buildQuantizePipeline(mlir::OpPassManager &pm, const NnToLpOptions &options);

/// nn -> lp: quantize, fuse, prove accumulators. Contract: the bits are fixed; no observer is left.
void buildNnToLpPipeline(mlir::OpPassManager &pm, const NnToLpOptions &options);

/// lp (and nn) -> linalg on tensors of signless types. Contract: neither lp, packed nor nn is left.
void buildLpToLinalgPipeline(mlir::OpPassManager &pm);

/// Registers the pipelines of this header: lpc-onnx-to-nn-pipeline, lpc-rewrite-pipeline,
/// lpc-observe-pipeline, lpc-nn-to-lp-pipeline, lpc-lp-to-linalg-pipeline.
void registerFrontPipelines();

} // namespace lpc

#endif // LPC_PIPELINES_PIPELINES_H
