#!/usr/bin/env python3
"""Compares quern's numbers with those of the qonnx package, on a QONNX file that quern wrote.

    compare_qonnx.py MODEL.onnx DUMP.npz [layers]

DUMP comes from `quern run MODEL.onnx --data LIST --dump codes -o DUMP.npz`. Two comparisons:

* layer by layer: every node computes from quern's codes, so a difference is its own. At most one
  code apart in at most 0.1 % of the elements is rounding of float sums in another order.
* end to end: qonnx runs on its own from the pictures. Quantized networks amplify the last bit of
  float sums, so the logits may differ by a share of their range; the answer may not. The answers
  of a map are those of its pixels, of which a few may stand between two classes.

Prints one JSON object; exits 1 where a bound is broken. With `layers` the second comparison is only
printed: the answers of random weights stand near to ties.
"""

import json
import sys

import numpy as np
import onnx
import qonnx.core.onnx_exec as execution
from onnx import numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

# qonnx runs each node as a model of onnx's newest IR version, which onnxruntime may not know.
onnx.IR_VERSION = 10

MOST_DIFFERING = 1e-3
MOST_APART = 1
MOST_LOGIT_DIFFERENCE = 0.05  # of the range of the logits
MOST_OTHER_PIXELS = 0.02  # of the answers of a map


class Network:
    """A QONNX file, run node by node; what depends on constants alone is computed once."""

    def __init__(self, path):
        self.model = ModelWrapper(path)
        self.graph = self.model.graph
        self.opset = {entry.domain: entry.version for entry in self.model.model.opset_import}[""]
        self.constants = {i.name: numpy_helper.to_array(i) for i in self.graph.initializer}
        self.steps = []
        for node in self.graph.node:
            if all(name in self.constants for name in node.input):
                self.execute(node, self.constants)
            else:
                self.steps.append(node)

    def execute(self, node, values):
        for name in node.output:
            values[name] = np.zeros(self.model.get_tensor_shape(name), dtype=np.float32)
        execution.execute_node(node, values, self.graph, opset_version=self.opset)

    def run(self, picture, after=lambda node, values: None):
        """All values for one picture; `after` sees, and may change, the values after each node."""
        values = dict(self.constants)
        values[self.graph.input[0].name] = picture
        for node in self.steps:
            self.execute(node, values)
            after(node, values)
        return values


def is_quant(node):
    return node.op_type in ("Quant", "BipolarQuant")


def grid(node, constants):
    """Scale and zero point of a Quant."""
    scale = constants[node.input[1]]
    zero_point = constants[node.input[2]] if node.op_type == "Quant" else np.float32(0)
    return scale, zero_point


def main():
    network, dump = Network(sys.argv[1]), np.load(sys.argv[2])
    graph = network.graph
    pictures, logits = dump[graph.input[0].name], dump[graph.output[0].name]
    elements = differing = apart = 0
    first = None

    def compare(node, values):
        nonlocal elements, differing, apart, first
        if not is_quant(node):
            return
        scale, zero_point = grid(node, network.constants)
        expected = dump[node.name][index:index + 1].astype(np.int64)
        codes = np.rint(values[node.output[0]] / scale + zero_point).astype(np.int64)
        difference = np.abs(codes - expected)
        elements += difference.size
        differing += int(np.count_nonzero(difference))
        if difference.max() > apart:
            apart, first = int(difference.max()), node.name
        values[node.output[0]] = ((expected - zero_point) * scale).astype(np.float32)

    same_answer, worst = 0, 0.0
    for index in range(len(pictures)):
        network.run(pictures[index:index + 1], compare)
        own = network.run(pictures[index:index + 1])[graph.output[0].name][0]
        same = np.mean(np.argmax(own, axis=0) == np.argmax(logits[index], axis=0))
        same_answer += int(same >= (1 if own.ndim == 1 else 1 - MOST_OTHER_PIXELS))
        worst = max(worst, float(np.max(np.abs(own - logits[index])) / np.ptp(logits[index])))

    result = {"photos": len(pictures), "elements": elements, "differing": differing,
              "most_codes_apart": apart, "first_layer": first, "same_top1": same_answer,
              "worst_logit_difference": worst}
    print(json.dumps(result))
    sound = elements > 0 and differing <= MOST_DIFFERING * elements and apart <= MOST_APART
    if sys.argv[3:] != ["layers"]:
        sound = sound and same_answer == len(pictures) and worst <= MOST_LOGIT_DIFFERENCE
    onnx.checker.check_model(sys.argv[1])
    sys.exit(0 if sound else 1)


main()
