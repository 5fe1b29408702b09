"""The networks of the field as float ONNX files with seeded random weights, as exporters spell them.

`NETWORKS` maps a name to a function (folder's path, input side) → None that writes NAME.onnx.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    """Grows a network node by node; a value is its name and its channels."""

    def __init__(self, name, side, opset=13, seed=0):
        self.name, self.opset = name, opset
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants = [], []
        self.side = side

    def input(self):
        return "input", 3

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weights(self, name, shape):
        fan_in = int(np.prod(shape[1:]))
        values = self.random.normal(0, np.sqrt(2 / fan_in), shape)
        return self.constant(name, values.astype(np.float32))

    def vector(self, name, count, low, high):
        return self.constant(name, self.random.uniform(low, high, count).astype(np.float32))

    def op(self, op, inputs, name=None, **attributes):
        name = name or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [f"{name}.out"], name, **attributes))
        return f"{name}.out"

    def conv(self, layer, x, channels, kernel=1, stride=1, groups=1, bias=False, pads=None,
             **attributes):
        value, before = x
        inputs = [value, self.weights(f"{layer}.weight", [channels, before // groups, kernel, kernel])]
        if bias:
            inputs.append(self.vector(f"{layer}.bias", channels, -0.1, 0.1))
        if "auto_pad" not in attributes:
            attributes["pads"] = pads or [kernel // 2] * 4
        return self.op("Conv", inputs, layer, kernel_shape=[kernel] * 2, strides=[stride] * 2,
                       group=groups, **attributes), channels

    def norm(self, layer, x):
        value, channels = x
        return self.op("BatchNormalization", [
            value, self.vector(f"{layer}.weight", channels, 0.8, 1.2),
            self.vector(f"{layer}.bias", channels, -0.2, 0.2),
            self.vector(f"{layer}.running_mean", channels, -0.1, 0.1),
            self.vector(f"{layer}.running_var", channels, 0.8, 1.2)], layer), channels

    def each(self, op, x, **attributes):
        return self.op(op, [x[0]], **attributes), x[1]

    def relu(self, x):
        return self.each("Relu", x)

    def relu6(self, x):
        if self.opset < 11:
            return self.each("Clip", x, min=0.0, max=6.0)
        ends = [self.constant(f"clip{len(self.nodes)}.{end}", np.float32(end)) for end in (0, 6)]
        return self.op("Clip", [x[0], *ends]), x[1]

    def hard_swish(self, x):
        if self.opset >= 14:
            return self.each("HardSwish", x)
        three = self.constant(f"three{len(self.nodes)}", np.float32(3))
        six = self.constant(f"six{len(self.nodes)}", np.float32(6))
        gate = self.relu6((self.op("Add", [x[0], three]), x[1]))
        return self.op("Div", [self.op("Mul", [x[0], gate[0]]), six]), x[1]

    def add(self, x, y):
        return self.op("Add", [x[0], y[0]]), x[1]

    def concat(self, values):
        return (self.op("Concat", [value for value, _ in values], axis=1),
                sum(channels for _, channels in values))

    def max_pool(self, x, kernel, stride, pads=None, **attributes):
        if pads:
            attributes["pads"] = pads
        return self.op("MaxPool", [x[0]], kernel_shape=[kernel] * 2, strides=[stride] * 2,
                       **attributes), x[1]

    def mean(self, x):
        return self.each("GlobalAveragePool", x)

    def linear(self, layer, x, classes):
        value, channels = x
        return self.op("Gemm", [value, self.weights(f"{layer}.weight", [classes, channels]),
                                self.vector(f"{layer}.bias", classes, -0.1, 0.1)], layer, transB=1), classes

    def head(self, layer, x, classes=100):
        flat = self.op("Flatten", [self.mean(x)[0]], axis=1), x[1]
        return self.linear(layer, flat, classes)

    def save(self, path, x):
        self.nodes[-1].output[0] = "logits"
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, self.side, self.side])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)], self.constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                    ir_version=8), path)


def resnet(depth):
    blocks = {18: [2, 2, 2, 2], 50: [3, 4, 6, 3]}[depth]
    wide = depth >= 50

    def block(net, layer, x, width, stride):
        out = width * 4 if wide else width
        if wide:
            y = net.relu(net.norm(f"{layer}.bn1", net.conv(f"{layer}.conv1", x, width)))
            y = net.relu(net.norm(f"{layer}.bn2", net.conv(f"{layer}.conv2", y, width, 3, stride)))
            y = net.norm(f"{layer}.bn3", net.conv(f"{layer}.conv3", y, out))
        else:
            y = net.relu(net.norm(f"{layer}.bn1", net.conv(f"{layer}.conv1", x, width, 3, stride)))
            y = net.norm(f"{layer}.bn2", net.conv(f"{layer}.conv2", y, width, 3))
        if stride != 1 or x[1] != out:
            x = net.norm(f"{layer}.downsample.1", net.conv(f"{layer}.downsample.0", x, out, 1, stride))
        return net.relu(net.add(y, x))

    def build(path, side):
        net = Builder(f"resnet{depth}", side)
        x = net.relu(net.norm("bn1", net.conv("conv1", net.input(), 64, 7, 2)))
        x = net.max_pool(x, 3, 2, [1, 1, 1, 1])
        for stage, count in enumerate(blocks):
            for i in range(count):
                x = block(net, f"layer{stage + 1}.{i}", x, 64 << stage, 2 if stage and not i else 1)
        net.save(path, net.head("fc", x))
    return build


def squeezenet(path, side):
    net = Builder("squeezenet", side, opset=9)

    def fire(layer, x, squeeze, expand):
        x = net.relu(net.conv(f"{layer}.squeeze", x, squeeze, bias=True))
        return net.concat([net.relu(net.conv(f"{layer}.expand1x1", x, expand, bias=True)),
                           net.relu(net.conv(f"{layer}.expand3x3", x, expand, 3, bias=True))])

    x = net.relu(net.conv("features.0", net.input(), 64, 3, 2, bias=True, pads=[0] * 4))
    for index, squeeze in enumerate([0, 16, 16, 0, 32, 32, 0, 48, 48, 64, 64]):
        x = (fire(f"features.{index}", x, squeeze, 4 * squeeze) if squeeze
             else net.max_pool(x, 3, 2))
    x = net.relu(net.conv("classifier.1", net.each("Dropout", x), 100, bias=True))
    net.save(path, (net.op("Flatten", [net.mean(x)[0]]), 100))


def darknet_tiny(path, side):
    net = Builder("darknet_tiny", side, opset=11)
    x = net.input()
    for i, channels in enumerate([16, 32, 64, 128, 256, 512, 1024]):
        x = net.each("LeakyRelu", net.norm(f"bn{i}", net.conv(f"conv{i}", x, channels, 3)), alpha=0.1)
        if i < 5:
            x = net.max_pool(x, 2, 2)
        elif i == 5:
            x = net.max_pool(x, 2, 1, auto_pad="SAME_UPPER")
    net.save(path, net.head("classifier", net.conv("last", x, 125, bias=True)))


def inverted_residual(net, layer, x, out, stride, hidden, kernel, act, squeeze=0):
    y = act(net.norm(f"{layer}.expand.bn", net.conv(f"{layer}.expand", x, hidden))) if hidden != x[1] else x
    y = net.norm(f"{layer}.dw.bn", net.conv(f"{layer}.dw", y, hidden, kernel, stride, hidden))
    y = act(y)
    if squeeze:
        gate = net.relu(net.conv(f"{layer}.se.fc1", net.mean(y), squeeze, bias=True))
        gate = net.each("HardSigmoid", net.conv(f"{layer}.se.fc2", gate, hidden, bias=True),
                        alpha=1 / 6, beta=0.5)
        y = net.op("Mul", [gate[0], y[0]]), hidden
    y = net.norm(f"{layer}.project.bn", net.conv(f"{layer}.project", y, out))
    return net.add(x, y) if stride == 1 and x[1] == out else y


def mobilenet_v1(path, side):
    net = Builder("mobilenet_v1", side, opset=7)
    x = net.relu6(net.norm("bn1", net.conv("conv1", net.input(), 32, 3, 2, auto_pad="SAME_UPPER")))
    for i, (out, stride) in enumerate([(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
                                      + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]):
        x = net.relu6(net.norm(f"dw{i}.bn", net.conv(f"dw{i}", x, x[1], 3, stride, x[1],
                                                     auto_pad="SAME_UPPER")))
        x = net.relu6(net.norm(f"pw{i}.bn", net.conv(f"pw{i}", x, out)))
    net.save(path, net.head("fc", x))


def mobile(name, stem, stages, last, act, opset=13):
    """Inverted residuals: rows of (expansion, channels, repeats, stride, kernel)."""
    def build(path, side):
        net = Builder(name, side, opset)
        activate = getattr(net, act)
        x = activate(net.norm("stem.bn", net.conv("stem", net.input(), stem, 3, 2)))
        index = 0
        for expansion, channels, repeats, stride, kernel in stages:
            for i in range(repeats):
                x = inverted_residual(net, f"blocks.{index}", x, channels, 1 if i else stride,
                                      x[1] * expansion, kernel, activate)
                index += 1
        x = activate(net.norm("last.bn", net.conv("last", x, last)))
        net.save(path, net.head("classifier", x))
    return build


def mobilenet_v3(opset):
    rows = [  # kernel, hidden, channels, squeeze, hard swish, stride: the small network
        (3, 16, 16, 8, False, 2), (3, 72, 24, 0, False, 2), (3, 88, 24, 0, False, 1),
        (5, 96, 40, 24, True, 2), (5, 240, 40, 64, True, 1), (5, 240, 40, 64, True, 1),
        (5, 120, 48, 32, True, 1), (5, 144, 48, 40, True, 1), (5, 288, 96, 72, True, 2),
        (5, 576, 96, 144, True, 1), (5, 576, 96, 144, True, 1)]

    def build(path, side):
        net = Builder("mobilenet_v3", side, opset)
        x = net.hard_swish(net.norm("stem.bn", net.conv("stem", net.input(), 16, 3, 2)))
        for i, (kernel, hidden, out, squeeze, swish, stride) in enumerate(rows):
            x = inverted_residual(net, f"features.{i + 1}", x, out, stride, hidden, kernel,
                                  net.hard_swish if swish else net.relu, squeeze)
        x = net.hard_swish(net.norm("last.bn", net.conv("last", x, 576)))
        x = net.op("Flatten", [net.mean(x)[0]]), 576
        x = net.hard_swish(net.linear("classifier.0", x, 1024))
        net.save(path, net.linear("classifier.3", x, 100))
    return build


def unet(path, side):
    net = Builder("unet", side)

    def double(layer, x, channels):
        for i in range(2):
            x = net.relu(net.norm(f"{layer}.bn{i}", net.conv(f"{layer}.conv{i}", x, channels, 3)))
        return x

    levels, x = [], net.input()
    for i, channels in enumerate([16, 32, 64]):
        levels.append(double(f"down{i}", x, channels))
        x = net.max_pool(levels[-1], 2, 2)
    x = double("bottom", x, 128)
    for i, level in reversed(list(enumerate(levels))):
        scales = net.constant(f"up{i}.scales", np.array([1, 1, 2, 2], np.float32))
        mode = ({"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
                 "nearest_mode": "floor"} if i != 1 else
                {"mode": "linear", "coordinate_transformation_mode": "half_pixel"})
        x = net.op("Resize", [x[0], "", scales], **mode), x[1]
        x = double(f"up{i}", net.concat([level, x]), level[1])
    net.save(path, net.conv("mask", x, 2, bias=True))


NETWORKS = {
    "resnet18": resnet(18), "resnet50": resnet(50), "squeezenet": squeezenet,
    "darknet_tiny": darknet_tiny, "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobile("mobilenet_v2", 32, [
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3),
        (6, 160, 3, 2, 3), (6, 320, 1, 1, 3)], 1280, "relu6"),
    "mobilenet_v3": mobilenet_v3(14), "mobilenet_v3_unfused": mobilenet_v3(12),
    "mnasnet": mobile("mnasnet", 32, [
        (1, 16, 1, 1, 3), (3, 24, 3, 2, 3), (3, 40, 3, 2, 5), (6, 80, 3, 2, 5), (6, 96, 2, 1, 3),
        (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)], 1280, "relu"),
    "efficientnet_lite0": mobile("efficientnet_lite0", 32, [
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)], 1280, "relu6", opset=17),
    "unet": unet,
}
