// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rewrites of weights that keep the function, in the order in which they usually run: nn-raise-idioms, then these, then
// calibration and quantization. Constants that they change are in f64 behind an nn.cast until lpc-fold-constants rounds them.
#ifndef LPC_EQUIVALENCE_PASSES_TD
#define LPC_EQUIVALENCE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FoldBatchNormsPass : Pass<"lpc-fold-batch-norms", "::mlir::func::FuncOp"> {
  let summary = "Move batch norms into the products beside them";
  let description = [{
    A batch norm is a chain of additions, subtractions, products and quotients with constants of one number per channel:
    `x * a + c`, `a = gain / sqrt(variance + epsilon)`, in whatever form it was exported. Behind an `nn.conv`, `nn.conv_transpose`
    or `nn.matmul` with constant weights that nothing else reads: `W <- a W` along the output channels, `b <- a b + c`. In
    front of one: `W <- W a` along the input channels, `b <- b + W c`, where nothing else reads the norm and the
    convolution does not pad (zeros would not stay zeros). A constant that is added to a convolution becomes its bias.

    *Preconditions*: constants are folded (lpc-onnx-to-nn-pipeline does it). A norm on axis 1 that stays is remarked with the
    reason.

    *Example*: `%y = nn.conv %x, %w`, `%z = nn.binary mul %y, %a`, `%n = nn.binary add %z, %c` becomes `%n = nn.conv %x, %aw, %c`.
  }];
  let statistics = [Statistic<"numNorms", "norms", "batch norms folded into weights">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def EqualizeLayersPass : Pass<"lpc-equalize-layers", "::mlir::func::FuncOp"> {
  let summary = "Give the channels between two products like ranges on both sides";
  let description = [{
    Cross-layer equalization: where positive factors pass from the weights that write channels to those that read them (a legal
    diagonal class, see lpc-print-axis-classes), channel i of the writers is multiplied by t_i and of the readers by 1/t_i, so
    that both have the range `sqrt(r1_i r2_i)`, r the largest magnitude of the channel; with several writers or readers,
    r is their geometric mean. Classes that share a weight (a depthwise filter) are iterated until no factor
    changes by more than a thousandth. One scale per tensor then loses as little as it can in weights. Activations
    change their ranges, too.

    `clip` says what happens to an `nn.clamp` with bounds, which no factor passes: `bounds` gives each channel bounds of its
    own (the function stays), `relu` makes clamps from 0 to a bound a relu (the function changes where the bound is
    reached), `keep` leaves the channels alone.

    *Preconditions*: lpc-fold-batch-norms. Channels that are read or written by weights and cannot take factors are remarked
    with the first barrier.
  }];
  let options = [
    Option<"clip", "clip", "std::string", "\"bounds\"", "bounds, relu or keep">,
    Option<"iterations", "iterations", "unsigned", "100", "rounds over all classes, at most">,
  ];
  let statistics = [Statistic<"numClasses", "classes", "classes of channels equalized">,
                    Statistic<"numConstants", "constants", "axes of constants scaled">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def AwqPass : Pass<"lpc-awq", "::mlir::func::FuncOp"> {
  let summary = "Scale channels for the least output error of rounded weights (AWQ)";
  let description = [{
    `X <- X diag(s)^-1`, `W <- diag(s) W` with `s_k = mean|X_k|^a / sqrt(max s min s)`. For each group of activations that share
    their scales (as in lpc-smooth) `a` is the one of 0, 1/grid, 2/grid, ... with the least `|(Q(W diag(s)) diag(s)^-1 - W) X|^2`
    over all weights that read it, on the sample rows of the statistics; a = 0 changes nothing. Activations whose class is not
    legal are remarked, and so are grouped convolutions; of other convolutions each tap counts alone.

    With `clip` the weights of each scale block are then limited to 100, 95, ... 50 % of its largest one, where that lowers the
    error of the block's part of the results. *This changes the function*; all else does not.

    *Preconditions*: nn-raise-idioms; `statistics` of this very module.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"\"", "format of the weights to come; lpc compile gives --weights">,
    Option<"method", "method", "std::string", "\"absmax\"", "how its scales are chosen: absmax (the format's own rule) or mse">,
    Option<"grid", "grid", "int64_t", "20", "number of exponents">,
    Option<"clip", "clip", "bool", "false", "search limits of the weights afterwards">,
    Option<"statistics", "statistics", "std::string", "\"\"",
           "statistics of channels (.npz) from `lpc compile --save-statistics`; lpc compile collects them itself">
  ];
  let statistics = [Statistic<"numActivations", "activations", "activations scaled">,
                    Statistic<"numClipped", "clipped", "scale blocks with a limit">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def FoldNormGainsPass : Pass<"lpc-fold-norm-gains", "::mlir::func::FuncOp"> {
  let summary = "Move the gains and shifts of norms into the weights that read them";
  let description = [{
    `W <- diag(gain) W` for every product that reads the norm's result, `b <- b + shift W`; the norm is left without a gain, as
    rotations want it. What is added to the result is divided by the gain. Gains may be zero where nothing is divided, and
    negative where nothing like relu is passed.

    *Preconditions*: norms are ops (nn-raise-idioms), gains run along one normalized axis. A gain is folded where the
    diagonal class of the norm's result is legal (lpc-print-axis-classes says why not), a shift where every reader is an
    `nn.matmul` with a constant matrix on the right. A norm that keeps its gain or shift is remarked with the reason.

    *Example*: `%n = nn.rms_norm %x, %g`, `%y = nn.matmul %n, %w` becomes `%n = nn.rms_norm %x`, `%y = nn.matmul %n, %gw`.
  }];
  let statistics = [Statistic<"numGains", "gains", "gains folded into weights">,
                    Statistic<"numShifts", "shifts", "shifts folded into biases">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def CenterStreamsPass : Pass<"lpc-center-streams", "::mlir::func::FuncOp"> {
  let summary = "Make layer norms RMS norms by taking the mean out of what writes the residual stream";
  let description = [{
    `M = I - 11'/n` is folded into every constant that writes a stream: out axes of products, their biases, embeddings, class
    tokens. The mean is zero from then on, and `layer_norm(x) = rms_norm(x)` with the same epsilon and gain; a shift becomes an
    addition. Legal where every reader of the stream is a layer norm over exactly its channels (the centering class); a
    layer norm that stays is remarked with the reason.

    *Preconditions*: norms are ops (nn-raise-idioms).
  }];
  let statistics = [Statistic<"numNorms", "norms", "layer norms that became RMS norms">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def OutlierTunePass : Pass<"lpc-outlier-tune", "::mlir::func::FuncOp"> {
  let summary = "Give all channels of an activation the same centre and range (OutlierTune)";
  let description = [{
    `X <- (X - c) diag(s)^-1`, `W <- diag(s) W`, `b <- b + c W` with `c = (max + min) / 2` and `s = (max - min) / 2` of each channel:
    activations lie in [-1, 1], and one static scale for the tensor serves all channels. The centre goes into the shift of a
    layer norm (one that has none gets one) whose readers are products with constant matrices; elsewhere c = 0 and
    `s = max|X|`. Scales as in lpc-smooth; activations whose class is not legal are remarked.

    *Preconditions*: nn-raise-idioms; `statistics` of this very module.
  }];
  let options = [
    Option<"shift", "shift", "bool", "true", "centre activations where a layer norm writes them">,
    Option<"statistics", "statistics", "std::string", "\"\"",
           "statistics of channels (.npz) from `lpc compile --save-statistics`; lpc compile collects them itself">
  ];
  let statistics = [Statistic<"numActivations", "activations", "activations scaled">,
                    Statistic<"numCentered", "centered", "activations centred">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def RoundConstantsPass : Pass<"lpc-round-constants", "::mlir::func::FuncOp"> {
  let summary = "Round constants that rewrites keep in f64 to the type that the program wants";
  let description = [{
    `nn.cast` of an f64 `nn.constant` becomes an `nn.constant`: nearest, ties to even. lpc-fold-constants does the same and
    more; this pass comes after quantization, which reads weights in f64, and leaves codes and scales alone.

    *Example*: `%e = nn.constant ... : tensor<8xf64>`, `%c = nn.cast %e : (tensor<8xf64>) -> tensor<8xf32>` becomes one constant.
  }];
  let statistics = [Statistic<"numConstants", "constants", "constants rounded">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def RotateAxesPass : Pass<"lpc-rotate-axes", "::mlir::func::FuncOp"> {
  let summary = "Rotate residual streams and attention heads by orthogonal matrices fused into the weights";
  let description = [{
    Each legal orthogonal class of the chosen kind gets one orthogonal matrix R, and every constant of the class is multiplied
    by it along its axis; nothing else in the graph changes, and nothing runs online. `streams` are the classes that an
    `nn.rms_norm` reads (R1 of the literature), `heads` those that a product of two computed tensors reads or writes (R2: between
    values and the projection behind them; one matrix for all heads of a layer). A stream that is not legal is remarked with
    the first barrier.

    With `bridge` a stream that barriers make illegal is rotated all the same: an `nn.rotate` with the inverse stands in front of
    each barrier, one with R behind each op or input that makes the stream and cannot take R. They run online; a remark gives their
    number and cost. A stream that takes more than `bridge` of them stays.

    `hadamard` is `H diag(random signs) / sqrt(n)`; where no Hadamard matrix of order n is known (include/lpc/Numerics/Hadamard.h),
    blocks of the greatest power of two that divides n. `random` is a uniformly distributed orthogonal matrix, at most 4096.
    With `file` the matrices are those of an .npz, and classes without one stay: `R1` for all streams, `R2` for all classes of
    heads, `R1.0`, `R2.3` for one of them by its number in program order. An array [n, n] acts on row vectors (`x R`), as in
    the literature; it has to be orthogonal to 1e-6 and is made so to working precision.

    *Preconditions*: nn-raise-idioms, lpc-fold-norm-gains, lpc-center-streams.
  }];
  let options = [
    Option<"axes", "axes", "std::string", "\"all\"", "streams, heads or all">,
    Option<"matrix", "matrix", "std::string", "\"hadamard\"", "hadamard or random">,
    Option<"seed", "seed", "uint64_t", "0", "seed of signs and matrices; each class has its own">,
    Option<"bridge", "bridge", "int64_t", "0", "online rotations that may lift the barriers of a stream">,
    Option<"file", "file", "std::string", "\"\"", "matrices from an .npz file (default: made by matrix and seed)">
  ];
  let statistics = [Statistic<"numClasses", "classes", "classes of axes rotated">,
                    Statistic<"numConstants", "constants", "axes of constants rotated">,
                    Statistic<"numBridges", "bridges", "online rotations at barriers">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def RotateBlocksPass : Pass<"lpc-rotate-blocks", "::mlir::func::FuncOp"> {
  let summary = "Rotate the contracted axis of each contraction in blocks, online";
  let description = [{
    `I (x) H_block` on the contracted axis of every `nn.matmul` and `nn.conv` with a constant weight: an `nn.rotate` in front of the
    contraction, the weight multiplied to match. It needs nothing of the rest of the graph and costs log2(block) additions per
    element; made for formats whose scale blocks are as large. Contractions that read one value share one rotation. A
    contraction whose axis the block does not divide, or with groups, stays; the former is remarked.

    *Preconditions*: lpc-fold-norm-gains. What a gain makes large is read by small weights; in blocks its rounding error would
    spread to channels that are read by others.
  }];
  let options = [
    Option<"block", "block", "int64_t", "32", "order of the Hadamard matrix: a power of two or another known order">,
    Option<"signs", "signs", "bool", "false", "random signs before the Hadamard matrix">,
    Option<"seed", "seed", "uint64_t", "0", "seed of the signs">
  ];
  let statistics = [Statistic<"numWeights", "weights", "weights rotated">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def RotatePrincipalPass : Pass<"lpc-rotate-principal", "::mlir::func::FuncOp"> {
  let summary = "Rotate residual streams so that the directions of most variance are the first channels";
  let description = [{
    ResQ's rotation: `R = blockdiag(Q_high, Q_low) P'`, the rows of P' being the eigenvectors of the second moments of all activations
    along a stream, the greatest first, and Q_high, Q_low random orthogonal matrices of size n/share and the rest. R is fused into
    the weights as in lpc-rotate-axes, whose place for streams it takes; heads are left to that pass (`axes=heads`). The moments
    come from the sampled rows of the statistics. Streams of more than 4096 channels stay, with a remark.

    *Preconditions*: lpc-fold-norm-gains, lpc-center-streams. lpc-split-precision then gives the first channels their own
    products.
  }];
  let options = [
    Option<"statistics", "statistics", "std::string", "\"\"", "file of channel statistics">,
    Option<"share", "share", "int64_t", "8", "the first n/share channels are rotated among themselves, and so are the others">,
    Option<"seed", "seed", "uint64_t", "0", "seed of the rotations within the parts">
  ];
  let statistics = [Statistic<"numStreams", "streams", "streams rotated">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def RotateOnlinePass : Pass<"lpc-rotate-online", "::mlir::func::FuncOp"> {
  let summary = "Rotate activations that no fused rotation reaches, online";
  let description = [{
    `down` are the contractions (`nn.matmul`, `nn.conv` with a constant weight and without groups) whose input lies along no legal
    orthogonal class, such as the down projection behind `up * silu(gate)` (R4 of the literature): an `nn.rotate` in front of the
    contraction, the weight multiplied to match. `scores` are products of two computed tensors that a softmax reads, such as queries
    and keys (R3): both are rotated along the contracted axis, which pays where keys are quantized. Activations that are rotated
    already stay.

    `hadamard` is a Hadamard matrix of the size of the axis or in blocks of the greatest power of two, `kronecker` a Hadamard
    matrix of that power of two times a random orthogonal one of the odd rest (704 = 64 x 11), `random` a dense one, at most 4096.

    *Preconditions*: run it after lpc-rotate-axes, which rotates what it can for nothing.
  }];
  let options = [
    Option<"sites", "sites", "std::string", "\"down\"", "down, scores or all">,
    Option<"matrix", "matrix", "std::string", "\"hadamard\"", "hadamard, kronecker or random">,
    Option<"signs", "signs", "bool", "true", "random signs before a Hadamard matrix">,
    Option<"seed", "seed", "uint64_t", "0", "seed of signs and matrices; each site has its own">
  ];
  let statistics = [Statistic<"numWeights", "weights", "weights rotated">,
                    Statistic<"numScores", "scores", "products of two computed tensors rotated">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def SortChannelsPass : Pass<"lpc-sort-channels", "::mlir::func::FuncOp"> {
  let summary = "Order channels by magnitude, so that blocks hold channels of like size";
  let description = [{
    Each legal permutation class (lpc-print-axis-classes) that blocks of a format run along is put into descending order; every
    constant of the class is permuted, nothing is gathered at run time. `inputs` are channels that weights contract: sorted by
    the largest magnitudes in a file of statistics (include/lpc/Quantization/ChannelStatistics.h), or without one (or
    with `none`) by the norm of their weights, averaged over the weights that read them. `keys` are channels of queries and
    keys (K-sort), sorted by the norm of what writes the keys. Under rotary embedding the two halves of a head move
    together, and so do the angles: with `angles=own` each layer computes angles of its own (a sine and a cosine of half a
    head per token and layer) and has its own order, with `shared` all have one. Heads of a layer have one order. Blocks
    of half a head or more hold the same channels in any order.

    *Preconditions*: nn-raise-idioms. Where gains of norms are folded first (lpc-fold-norm-gains), weights show the sizes that
    count. Channels that cannot be sorted are remarked with the first barrier.
  }];
  let options = [
    Option<"axes", "axes", "std::string", "\"all\"", "inputs, keys or all">,
    Option<"angles", "angles", "std::string", "\"own\"", "own or shared: rotary angles of the layers">,
    Option<"statistics", "statistics", "std::string", "\"\"", "file of channel statistics of this module, or none">
  ];
  let statistics = [Statistic<"numClasses", "classes", "classes of channels sorted">,
                    Statistic<"numConstants", "constants", "axes of constants permuted">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def SplitOutliersPass : Pass<"lpc-split-outliers", "::mlir::func::FuncOp"> {
  let summary = "Contract channels with outliers on their own";
  let description = [{
    Channels whose largest magnitude in a file of statistics (include/lpc/Quantization/ChannelStatistics.h) is at least
    `threshold` are permuted to the end, filled up with the next largest to a multiple of `granule`, and each `nn.matmul` or
    ungrouped `nn.conv` that reads them becomes two, of the head and of the tail, and an addition. The location of the second one
    is the node's name with `/outliers` behind it, so that `keep` and formats by layer can give it another format or
    leave it in float. Frozen at compile time: nothing is gathered at run time.

    *Preconditions*: nn-raise-idioms. Channels whose order cannot change (lpc-print-axis-classes), and those of which more than half
    would be outliers, are left alone with a remark.

    *Example*: `%y = nn.matmul %x, %w` becomes `nn.matmul %head, %w0`, `nn.matmul %tail, %w1`, `nn.binary add`.
  }];
  let options = [
    Option<"threshold", "threshold", "double", "6.0", "least magnitude of an outlier">,
    Option<"granule", "granule", "int64_t", "32", "the tail is a multiple of this many channels">,
    Option<"keep", "keep", "std::string", "\"\"",
           "regular expression over ONNX node names: these contractions stay whole (default: none)">,
    Option<"statistics", "statistics", "std::string", "\"\"", "file of channel statistics of this module">
  ];
  let statistics = [Statistic<"numProducts", "products", "contractions split">];
  let dependentDialects = ["::lpc::nn::NnDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def AbsorbBiasesPass : Pass<"lpc-absorb-biases", "::mlir::func::FuncOp"> {
  let summary = "Approximate: take what is constant in rectified channels into the biases behind";
  let description = [{
    With `c = max(0, mean - deviations * standard deviation)` of each channel of an activation in a file of statistics
    (include/lpc/Quantization/ChannelStatistics.h, its sample): `b1 <- b1 - c` in front of a relu (or a clamp from 0, or upper bounds
    per channel, which are lowered), `b2 <- b2 + W2 c` behind it. `relu(x - c) = relu(x) - c` where x is at least c; below, the
    function changes. Equalized activations with large biases get smaller ranges.

    *Preconditions*: all that reads the activation are products with constant weights and convolutions that do not pad. Others are
    remarked with the reason where there is something to absorb.
  }];
  let options = [
    Option<"deviations", "deviations", "double", "3.0", "standard deviations below the mean that are kept">,
    Option<"statistics", "statistics", "std::string", "\"\"", "file of channel statistics of this module">
  ];
  let statistics = [Statistic<"numChannels", "channels", "channels from which a constant was taken">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def CorrectBiasesPass : Pass<"lpc-correct-biases", "::mlir::func::FuncOp"> {
  let summary = "Approximate: take the mean error of rounded weights out of biases";
  let description = [{
    `b <- b - (W^ - W) E[x]` for each `nn.matmul` and `nn.conv` with constant weights: W^ is W rounded to `format` by `method`,
    as lpc-quantize-weights does it with the same options, E[x] the mean of each input channel in a file of statistics
    (include/lpc/Quantization/ChannelStatistics.h). Taps of a filter that lie in the padding count by their share of
    positions inside. A product without a bias gets an addition. The weights stay as they are. The function of the float
    model changes; that of the quantized one comes nearer to it.

    Means are those of the float model: each layer is corrected on its own. Run it last, in front of the quantizer, with the
    quantizer's options. *Does not* follow formats by layer: `keep` leaves layers out.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"int8/channel\"", "format spec of weights, as in lpc-quantize-weights">,
    Option<"method", "method", "std::string", "\"absmax\"", "absmax or mse, as in lpc-quantize-weights">,
    Option<"keep", "keep", "std::string", "\"\"",
           "regular expression over ONNX node names: these contractions stay as they are (default: none)">,
    Option<"statistics", "statistics", "std::string", "\"\"", "file of channel statistics of this module">
  ];
  let statistics = [Statistic<"numBiases", "biases", "biases corrected">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def SmoothPass : Pass<"lpc-smooth", "::mlir::func::FuncOp"> {
  let summary = "Move the range of large channels of activations into the weights that read them (SmoothQuant)";
  let description = [{
    `X <- X diag(s)^-1`, `W <- diag(s) W` with `s_k = max|X_k|^alpha / max|W_k|^(1 - alpha)`, between 1e-5 and 1e4, for every
    activation of a product or convolution with a constant weight. The division goes into the constants of the channels'
    diagonal class (lpc-print-axis-classes): gains of norms - a norm without a gain gets one -, the out axis of `v` for the
    output projection, of `up` for `down`. Activations that share a class share the scale, and so do heads that share a value
    head: the maximum over them counts. An activation whose class is not legal is remarked with the reason and left alone;
    with `explicit` it is multiplied in front of its readers, an `nn.binary mul` at run time.

    *Preconditions*: nn-raise-idioms; `statistics` of this very module, by the numbers of lpc-insert-observers.
  }];
  let options = [
    Option<"alpha", "alpha", "double", "0.5", "how much of an activation's range moves: 0 to 1">,
    Option<"powerOfTwo", "power-of-two", "bool", "false", "scales are powers of two: no weight is rounded by them">,
    Option<"isExplicit", "explicit", "bool", "false", "scale at run time what cannot be scaled where it is written">,
    Option<"statistics", "statistics", "std::string", "\"\"",
           "statistics of channels (.npz) from `lpc compile --save-statistics`; lpc compile collects them itself">
  ];
  let statistics = [Statistic<"numActivations", "activations", "activations smoothed for nothing">,
                    Statistic<"numExplicit", "explicit", "activations multiplied at run time">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

def SplitPrecisionPass : Pass<"lpc-split-precision", "::mlir::func::FuncOp"> {
  let summary = "Split products along residual streams in two, for two formats";
  let description = [{
    `y = x w` becomes `y = x_high w_high + x_low w_low` for each `nn.matmul` with a constant weight whose activation is a stream: the
    first K/share channels and the others. The products are called `<name>/high` and `<name>/low`, so that recipes give them
    formats of their own (`match: ".*/high"`). A product whose channels the share does not divide stays, with a remark.

    *Preconditions*: lpc-rotate-principal, which puts what matters first.
  }];
  let options = [Option<"share", "share", "int64_t", "8", "the first K/share channels are split off">];
  let statistics = [Statistic<"numProducts", "products", "products split">];
  let dependentDialects = ["::lpc::nn::NnDialect"];
}

#endif // LPC_EQUIVALENCE_PASSES_TD
