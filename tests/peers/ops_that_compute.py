"""Cases of the ops that compute numbers: each draws its inputs, constants and attributes."""

import numpy as np
from onnx import TensorProto


def windows(case, pool):
    """Kernel, strides, pads, dilations, auto_pad; returns the kernel."""
    kernel = case.pair(1, 4)
    case.attributes["kernel_shape"] = kernel
    if case.maybe(0.7):
        case.attributes["strides"] = case.pair(1, 3)
    dilated = not pool or pool == "MaxPool" and case.opset >= 10
    dilation = case.pair(1, 2) if dilated and case.maybe(0.3) else [1, 1]
    if dilation != [1, 1]:
        case.attributes["dilations"] = dilation
    choice = case.chance.choice(["none", "even", "uneven", "uneven", "auto"])
    # onnxruntime refuses pads of a whole window in pooling.
    most = [k - 1 for k in kernel] if pool else [3, 3]
    if choice == "auto" and dilation == [1, 1]:
        case.attributes["auto_pad"] = case.chance.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif choice == "even":
        case.attributes["pads"] = [case.chance.randint(0, m) for m in most] * 2
    elif choice == "uneven":
        case.attributes["pads"] = [case.chance.randint(0, m) for m in most * 2]
    return kernel


def conv(case):
    group = case.chance.choice([1, 1, 2, 3])
    inputs, outputs = group * case.chance.randint(1, 3), group * case.chance.randint(1, 3)
    kernel = windows(case, None)
    case.input([case.chance.randint(1, 3), inputs] + case.pair(7, 12))
    case.constant(case.floats([outputs, inputs // group] + kernel))
    if case.maybe():
        case.constant(case.floats([outputs]))
    if group > 1:
        case.attributes["group"] = group


def conv_transpose(case):
    group = case.chance.choice([1, 1, 2])
    inputs, outputs = group * case.chance.randint(1, 3), case.chance.randint(1, 3)
    kernel = case.pair(2, 4)
    case.attributes.update(kernel_shape=kernel, group=group)
    strides = case.pair(1, 3)
    case.attributes["strides"] = strides
    if case.maybe(0.6):
        case.attributes["pads"] = [case.chance.randint(0, 1) for _ in range(4)]
    if case.maybe(0.4):
        case.attributes["output_padding"] = [case.chance.randint(0, s - 1) for s in strides]
    if case.maybe(0.2):
        case.attributes["dilations"] = case.pair(1, 2)
    case.input([case.chance.randint(1, 3), inputs] + case.pair(3, 7))
    case.constant(case.floats([inputs, outputs] + kernel))
    if case.maybe():
        case.constant(case.floats([group * outputs]))


def pool(op):
    def build(case):
        windows(case, op)
        if case.opset >= 10 and case.maybe() and "auto_pad" not in case.attributes:
            case.attributes["ceil_mode"] = 1
        if op == "AveragePool" and case.maybe():
            case.attributes["count_include_pad"] = 1
        case.input(case.image(7))
    return build


def arithmetic(case):
    shape = case.shape()
    other = [1 if case.maybe(0.3) else extent for extent in shape]
    other = other[case.chance.randint(0, len(shape) - 1):]
    shapes = [shape, other]
    case.chance.shuffle(shapes)
    case.input(shapes[0])
    # Away from 0, for Div.
    values = np.sign(case.floats(shapes[1])) * (1 + np.abs(case.floats(shapes[1])))
    values = values.astype(np.float32)
    if case.maybe():
        case.constant(values)
    else:
        case.input(values=values)
    if case.maybe(0.3):
        case.names.reverse()
        if case.names[1].startswith("x"):
            case.feeds[case.names[1]] = np.abs(case.feeds[case.names[1]]) + 1


def pointwise(**attributes):
    def build(case):
        case.input(case.shape())
        for name, (low, high) in attributes.items():
            if case.maybe():
                case.attributes[name] = case.chance.uniform(low, high)
    return build


def clip(case):
    case.input(case.shape())
    low, high = -case.chance.random(), case.chance.random()
    if case.opset < 11:
        if case.maybe(0.7):
            case.attributes["min"] = low
        if case.maybe(0.7):
            case.attributes["max"] = high
        return
    case.constant(np.float32(low)) if case.maybe(0.7) else case.omit()
    if case.maybe(0.7):
        case.constant(np.float32(high))


def prelu(case):
    shape = case.image() if case.maybe() else case.shape(case.chance.randint(2, 4))
    case.input(shape)
    slope = case.chance.choice([[1], shape[1:2] + [1] * (len(shape) - 2), shape[1:]])
    case.constant(case.floats(slope))


def batch_normalization(case):
    shape = case.image() if case.maybe(0.7) else case.shape(case.chance.choice([2, 3]))
    case.input(shape)
    for _ in range(3):
        case.constant(case.floats(shape[1:2]))
    case.constant(np.abs(case.floats(shape[1:2])) + np.float32(0.1))
    if case.maybe():
        case.attributes["epsilon"] = 1e-3


def gemm(case):
    m, n, k = case.shape(3)
    flips = [case.maybe(), case.maybe()]
    case.input([k, m] if flips[0] else [m, k])
    case.constant(case.floats([n, k] if flips[1] else [k, n]))
    case.attributes.update(transA=int(flips[0]), transB=int(flips[1]))
    if case.opset < 11 or case.maybe():
        case.constant(case.floats(case.chance.choice([[n], [1], [m, n], [m, 1], [1, n], []])))
    if case.maybe():
        case.attributes.update(alpha=case.chance.uniform(0.5, 2), beta=case.chance.uniform(0.5, 2))


def mat_mul(case):
    m, n, k = case.shape(3)
    batch = case.shape(case.chance.randint(1, 2), 3) if case.maybe() else []
    case.input(batch + [m, k])
    shape = (batch if case.maybe() else []) + [k, n]
    if case.maybe(0.2):
        shape = [k]
    case.constant(case.floats(shape)) if case.maybe() else case.input(shape)


def reduction(case):
    shape = case.shape()
    case.input(shape)
    if case.maybe(0.8):
        case.setting("axes", case.axes(len(shape)), since=18)
    if case.maybe():
        case.attributes["keepdims"] = int(case.maybe())


def positive(case):
    case.input(values=np.abs(case.floats(case.shape())) + np.float32(0.1))


def power(case):
    positive(case)
    case.constant(np.float32(case.chance.uniform(-2, 3)))


def extreme(case):
    shape = case.shape()
    for _ in range(case.chance.randint(1, 3)):
        part = [1 if case.maybe(0.3) else extent for extent in shape]
        case.constant(case.floats(part)) if case.maybe(0.3) and case.feeds else case.input(part)
    if len(case.names) < 3 and case.maybe():
        case.constant(np.float32(0.3))


def gelu(case):
    case.input(case.shape())
    if case.maybe():
        case.attributes["approximate"] = case.chance.choice(["none", "tanh"])


def softmax(case):
    shape = case.shape()
    case.input(shape)
    axis = case.axis(len(shape))
    case.attributes["axis"] = axis if case.opset >= 11 else axis % len(shape)


def global_pool(case):
    case.input(case.image() if case.maybe(0.7) else case.shape(case.chance.choice([3, 5])))


def same(case):
    case.input(case.shape())


def cast(case):
    dtype = case.chance.choice([np.float32, np.float64, np.int32, np.int64, np.bool_])
    case.input(values=(4 * case.floats(case.shape())).astype(dtype))
    # LibTorch and onnxruntime agree on numbers that the type holds.
    case.attributes["to"] = case.chance.choice(
        [TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL])


OPS = {
    "Abs": pointwise(), "Add": arithmetic, "AveragePool": pool("AveragePool"),
    "BatchNormalization": batch_normalization, "Cast": cast, "Ceil": pointwise(), "Clip": clip,
    "Conv": conv, "ConvTranspose": conv_transpose, "Div": arithmetic, "Dropout": same,
    "Elu": pointwise(alpha=(0.5, 2)), "Erf": pointwise(), "Exp": pointwise(), "Floor": pointwise(),
    "Gelu": gelu, "Gemm": gemm, "GlobalAveragePool": global_pool, "GlobalMaxPool": global_pool,
    "HardSigmoid": pointwise(alpha=(0.1, 0.4), beta=(0.3, 0.6)), "HardSwish": pointwise(),
    "Identity": same, "LeakyRelu": pointwise(alpha=(0.01, 0.5)), "Log": positive,
    "LogSoftmax": softmax, "MatMul": mat_mul, "Max": extreme, "MaxPool": pool("MaxPool"),
    "Min": extreme, "Mish": pointwise(), "Mul": arithmetic, "Neg": pointwise(), "PRelu": prelu,
    "Pow": power, "Reciprocal": positive, "ReduceMax": reduction, "ReduceMean": reduction,
    "ReduceMin": reduction, "Relu": pointwise(), "Round": pointwise(), "Sigmoid": pointwise(),
    "Softmax": softmax, "Softplus": pointwise(), "Sqrt": positive, "Sub": arithmetic,
    "Tanh": pointwise(),
}
