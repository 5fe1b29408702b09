#!/usr/bin/env python3
"""Files that onnxruntime quantizes must give onnxruntime's numbers in quern's fake-quant.

usage: quantized_against_onnxruntime.py QUERN

Small networks with random weights through `quantize_static` with every choice that changes the
form of the file, and NNCF's and PyTorch's form of Q and DQ around float weights. Where x / scale
lies exactly between two codes and the zero point is odd, quern and ONNX differ by a code, and a
convolution that sums in another order may round to the next one; so a share of the outputs may be
some steps apart.
"""

import itertools
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime import quantization
except ImportError:
    sys.exit(77)

SAMPLES = 16
MOST_DIFFERENT = 0.15  # share of the outputs that may be more than a rounding error apart
MOST_STEPS = 4  # that any output may be apart


class Network:
    """A float network, built node by node."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def random(self, name, *shape):
        fan_in = max(int(np.prod(shape[1:])), 1)
        values = self.generator.normal(size=shape) / np.sqrt(fan_in)
        return self.constant(name, values.astype(np.float32))

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(self, x, name, inputs, outputs, kernel=3, groups=1, **attributes):
        weights = [self.random(f"{name}.weight", outputs, inputs // groups, kernel, kernel),
                   self.random(f"{name}.bias", outputs)]
        return self.add("Conv", [x, *weights], name, group=groups, pads=[kernel // 2] * 4,
                        kernel_shape=[kernel] * 2, **attributes)

    def model(self, output, classes):
        graph = helper.make_graph(
            self.nodes, "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 16, 16])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", classes])],
            self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def residual():
    net = Network(0)
    stem = net.add("Relu", [net.conv("x", "stem", 3, 8)], "relu")
    deep = net.conv(stem, "depthwise", 8, 8, groups=8)
    deep = net.conv(net.add("Clip", [deep, net.constant("zero", np.float32(0)),
                                     net.constant("six", np.float32(6))], "relu6"), "point", 8, 8, 1)
    joined = net.add("Add", [deep, stem], "add")
    pooled = net.add("Flatten", [net.add("GlobalAveragePool", [joined], "pool")], "flat")
    return net.model(net.add("Gemm", [pooled, net.random("fc.weight", 5, 8),
                                      net.random("fc.bias", 5)], "y", transB=1), 5)


def branches():
    net = Network(1)
    stem = net.add("LeakyRelu", [net.conv("x", "stem", 3, 6)], "leaky", alpha=0.1)
    stem = net.add("MaxPool", [stem], "max", kernel_shape=[2, 2], strides=[2, 2])
    parts = [net.conv(stem, "left", 6, 4, 1), net.add("Sigmoid", [net.conv(stem, "right", 6, 4)], "s")]
    joined = net.add("Concat", parts, "cat", axis=1)
    pooled = net.add("Flatten", [net.add("AveragePool", [joined], "pool", kernel_shape=[8, 8])], "flat")
    return net.model(net.add("MatMul", [pooled, net.random("fc.weight", 8, 5)], "y"), 5)


class Reader(quantization.CalibrationDataReader):
    def __init__(self, x):
        self.batches = iter([{"x": part} for part in np.split(x, 4)])

    def get_next(self):
        return next(self.batches, None)


def quantized_files(folder, x):
    """Every choice of quantize_static that changes the form of the file."""
    types = quantization.QuantType
    choices = itertools.product(
        (residual, branches), (False, True),
        ((types.QUInt8, types.QInt8), (types.QInt8, types.QInt8), (types.QUInt8, types.QUInt8),
         (types.QUInt16, types.QInt8), (types.QInt16, types.QInt16)),
        ({}, {"ActivationSymmetric": True}, {"DedicatedQDQPair": True, "AddQDQPairToWeight": True},
         {"QuantizeBias": False}))
    for number, (network, per_channel, (activations, weights), options) in enumerate(choices):
        source, path = folder / f"{number}.float.onnx", folder / f"{number}.onnx"
        onnx.save(network(), source)
        extra = dict(options)
        if "16" in activations.name:
            extra["UseQDQContribOps"] = number % 2 == 0
        quantization.quantize_static(
            source, path, Reader(x), quant_format=quantization.QuantFormat.QDQ,
            per_channel=per_channel, activation_type=activations, weight_type=weights,
            extra_options=extra)
        source.unlink()
        yield path, f"{network.__name__} {activations.name} {weights.name} " \
                    f"{'per channel' if per_channel else 'per tensor'} {options}"


def pattern_file(folder):
    """Q and DQ around float weights, one scale per channel, and codes clipped to seven bits."""
    net = Network(2)
    net.constant("in.scale", np.float32(0.02))
    net.constant("in.zero", np.uint8(0))
    net.constant("low", np.uint8(0))
    net.constant("high", np.uint8(127))
    net.add("Relu", ["x"], "relu")
    net.add("QuantizeLinear", ["relu", "in.scale", "in.zero"], "codes")
    net.add("Clip", ["codes", "low", "high"], "clipped")
    net.add("DequantizeLinear", ["clipped", "in.scale", "in.zero"], "values")
    net.random("conv.weight", 4, 3, 3, 3)
    net.constant("w.scale", np.full(4, 0.01, np.float32))
    net.constant("w.zero", np.zeros(4, np.int8))
    net.add("QuantizeLinear", ["conv.weight", "w.scale", "w.zero"], "w.codes", axis=0)
    net.add("DequantizeLinear", ["w.codes", "w.scale", "w.zero"], "w.values", axis=0)
    net.add("Conv", ["values", "w.values"], "conv", pads=[1, 1, 1, 1])
    pooled = net.add("GlobalAveragePool", ["conv"], "pool")
    path = folder / "pattern.onnx"
    onnx.save(net.model(net.add("Flatten", [pooled], "y"), 4), path)
    yield path, "Q and DQ around float weights"


def expected_output(path, x):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # As the file says: optimized, pairs around a layer become one integer layer.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def step_of(path):
    """The scale of the last QuantizeLinear: outputs are multiples of it."""
    graph = onnx.load(path).graph
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    producers = {o: n for n in graph.node for o in n.output}
    last = producers[graph.output[0].name]
    return float(constants[last.input[1]].max()) if last.op_type == "DequantizeLinear" else None


def finding(quern, path, x):
    dump = path.with_suffix(".npz")
    np.savez(path.with_suffix(".in.npz"), x=x)
    run = subprocess.run([quern, "run", path, "--data", path.with_suffix(".in.npz"), "--dump",
                          "logits", "-o", dump], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True)
    if run.returncode != 0:
        return f"exit {run.returncode}: {run.stderr.strip().splitlines()[-1]}"
    wanted, got = expected_output(path, x), np.load(dump)["y"]
    step = step_of(path) or np.ptp(wanted) / 255
    apart = np.abs(got - wanted) / step
    if apart.max() > MOST_STEPS:
        return f"an output is {apart.max():.1f} steps apart"
    share = np.mean(apart > 0.01)
    return f"{share:.1%} of the outputs differ" if share > MOST_DIFFERENT else None


def main(quern):
    x = np.random.default_rng(3).normal(size=(SAMPLES, 3, 16, 16)).astype(np.float32)
    logging.disable()  # onnxruntime's advice on other files than these
    findings = files = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, form in itertools.chain(quantized_files(folder, x), pattern_file(folder)):
            what = finding(quern, path, x)
            files += 1
            findings += what is not None
            if what is not None:
                print(f"{form}: {what}")
    print(f"{findings} findings in {files} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
