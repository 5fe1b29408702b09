// Quantizes a network on generated photos and writes it for FINN.
#include "quern/data/synthetic.h"
#include "quern/exporters/qonnx.h"
#include "quern/pipeline/quantize.h"

int main() {
  quern::write_synthetic_photos("photos", /*count=*/8, /*seed=*/1);
  quern::Recipe recipe;
  recipe.model = {.source = "zoo:mobilenet_v2_mini", .input = 64};
  recipe.data.calibration = "photos/list.txt";
  quern::export_qonnx(quern::quantize(recipe).graph, "quantized.onnx");
}
