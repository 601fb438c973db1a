#include "lib/Conversion/ONNXToNn/HandlerShapes.h"
void lpc::onnx_to_nn::populateResize(Registry &) {}
