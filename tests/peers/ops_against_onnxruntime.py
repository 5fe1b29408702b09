#!/usr/bin/env python3
"""Every op that quern computes must give onnxruntime's numbers, for random attributes and shapes.

usage: ops_against_onnxruntime.py RUN_MODELS

Each case is a model of one op. Real networks are added where the folder of reference data lies
($QUERN_DATA, or shared/data beside the source tree).
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    sys.exit(77)

DATA = Path(os.environ.get("QUERN_DATA", Path(__file__).resolve().parents[3] / "shared/data"))
CASES = 50  # of each op
FEWEST = 25  # that quern must not refuse
MOST_DIFFERENCE = 1e-5  # of the largest magnitude: float32 sums in another order
MOST_NETWORK_DIFFERENCE = 1e-4  # of the range of the logits, after some fifty layers
OPSETS = (7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)


class Case:
    """A model of one node that grows its inputs and constants as they are chosen."""

    def __init__(self, seed, opset):
        self.chance = random.Random(seed)
        self.generator = np.random.default_rng(seed)
        self.opset = opset
        self.feeds, self.constants, self.names = {}, {}, []
        self.attributes = {}
        self.outputs = 1

    def floats(self, shape):
        return self.generator.normal(size=shape).astype(np.float32)

    def input(self, shape=None, values=None):
        name = f"x{len(self.feeds)}"
        self.feeds[name] = self.floats(shape) if values is None else values
        self.names.append(name)
        return self.feeds[name]

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(values)
        self.names.append(name)

    def omit(self):
        self.names.append("")

    def setting(self, attribute, values, since=7):
        """An attribute, or an input of integers where the opset has it as one."""
        if self.opset >= since:
            self.constant(np.array(values, np.int64))
        else:
            self.attributes[attribute] = values

    def maybe(self, share=0.5):
        return self.chance.random() < share

    def shape(self, rank=None, most=6):
        rank = rank or self.chance.randint(1, 4)
        return [self.chance.randint(1, most) for _ in range(rank)]

    def image(self, least=1, most=12):
        return [self.chance.randint(1, 3), self.chance.randint(1, 6),
                self.chance.randint(least, most), self.chance.randint(least, most)]

    def axis(self, rank):
        return self.chance.randint(-rank, rank - 1)

    def axes(self, rank, least=1):
        chosen = self.chance.sample(range(rank), self.chance.randint(least, rank))
        return [axis - rank if self.maybe(0.3) else axis for axis in chosen]

    def pair(self, low, high):
        return [self.chance.randint(low, high), self.chance.randint(low, high)]

    def model(self, op):
        values = {name: list(array.shape) for name, array in self.feeds.items()}
        names = [f"y{i}" for i in range(self.outputs)]
        node = helper.make_node(op, self.names, names, **self.attributes)
        graph = helper.make_graph(
            [node], "case",
            [helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(self.feeds[name].dtype), shape)
             for name, shape in values.items()],
            [helper.make_tensor_value_info(name, self.attributes.get("to", TensorProto.FLOAT), None)
             for name in names],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()])
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


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


def concat(case):
    shape = case.shape()
    axis = case.axis(len(shape))
    for _ in range(case.chance.randint(1, 4)):
        shape[axis] = case.chance.randint(1, 4)
        case.constant(case.floats(shape)) if case.maybe(0.2) and case.feeds else case.input(shape)
    case.attributes["axis"] = axis


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


def pad(case):
    shape = case.shape(most=8)
    mode = case.chance.choice(["constant", "constant", "reflect", "edge"])
    most = [min(extent - 1, 3) if mode == "reflect" else 3 for extent in shape]
    pads = [case.chance.randint(0, m) if case.maybe(0.7) else 0 for m in most * 2]
    if mode == "constant" and case.maybe(0.3):  # Negative pads crop.
        axis = case.chance.randrange(len(shape))
        pads[axis] = -case.chance.randint(0, shape[axis] - 1)
    case.attributes["mode"] = mode
    case.input(shape)
    rank = len(shape)
    axes = case.axes(rank) if case.opset >= 18 and case.maybe() else None
    if axes is not None:
        pads = [pads[axis % rank] for axis in axes] + [pads[rank + axis % rank] for axis in axes]
    case.setting("pads", pads, since=11)
    if mode == "constant" and case.maybe():
        if case.opset >= 11:
            case.constant(np.float32(1.5))
        else:
            case.attributes["value"] = 1.5
    elif axes is not None:
        case.omit()
    if axes is not None:
        case.constant(np.array(axes, np.int64))


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


def gather(case):
    shape = case.shape()
    case.input(shape)
    axis = case.axis(len(shape))
    case.attributes["axis"] = axis
    low = -shape[axis] if case.opset >= 11 else 0
    indices = case.shape(case.chance.randint(1, 2), 4) if case.maybe(0.8) else []
    case.constant(case.generator.integers(low, shape[axis], size=indices))


def tile(case):
    shape = case.shape(most=4)
    case.input(shape)
    case.constant(case.generator.integers(1, 4, size=len(shape)))


def gelu(case):
    case.input(case.shape())
    if case.maybe():
        case.attributes["approximate"] = case.chance.choice(["none", "tanh"])


def reshape(case):
    shape = case.shape()
    case.input(shape)
    target = list(shape)
    case.chance.shuffle(target)
    if len(target) > 1 and case.maybe():
        target = [target[0] * target[1]] + target[2:]
    if case.maybe():
        target[case.chance.randrange(len(target))] = -1
    if case.maybe(0.3) and target[0] == shape[0]:
        target[0] = 0
    case.constant(np.array(target, np.int64))


def flatten(case):
    shape = case.shape()
    case.input(shape)
    low = -len(shape) if case.opset >= 11 else 0
    if case.maybe(0.8):
        case.attributes["axis"] = case.chance.randint(low, len(shape))


def squeeze(case):
    shape = [1 if case.maybe() else case.chance.randint(2, 4) for _ in range(4)]
    ones = [i if case.opset < 11 or case.maybe() else i - 4
            for i, extent in enumerate(shape) if extent == 1]
    case.input(shape)
    if ones and case.maybe(0.7):
        case.setting("axes", case.chance.sample(ones, case.chance.randint(1, len(ones))), since=13)


def unsqueeze(case):
    shape = case.shape(case.chance.randint(1, 3), 4)
    extra = case.chance.randint(1, 2)
    rank = len(shape) + extra
    axes = case.chance.sample(range(rank), extra)
    if case.opset >= 11:
        axes = [axis - rank if case.maybe(0.3) else axis for axis in axes]
    case.input(shape)
    case.setting("axes", axes, since=13)


def transpose(case):
    shape = case.shape()
    case.input(shape)
    if case.maybe(0.8):
        order = list(range(len(shape)))
        case.chance.shuffle(order)
        case.attributes["perm"] = order


def slice_(case):
    shape = case.shape(most=8)
    axes = case.axes(len(shape)) if case.opset >= 10 else sorted(
        case.chance.sample(range(len(shape)), case.chance.randint(1, len(shape))))
    starts, ends, steps = [], [], []
    for axis in axes:
        extent = shape[axis]
        step = case.chance.choice([1, 1, 2, -1, -2]) if case.opset >= 10 else 1
        begin = case.chance.randint(0, extent - 1)
        end = case.chance.randint(begin + 1, extent)
        if step < 0:  # From the last one kept down to before the first.
            begin, end = end - 1, begin - 1 - extent if begin == 0 else begin - 1
        elif case.maybe(0.3):
            end = case.chance.choice([2**31 - 1, 2**63 - 1])
        starts.append(begin - extent if case.maybe(0.3) else begin)
        ends.append(end)
        steps.append(step)
    case.input(shape)
    case.setting("starts", starts, since=10)
    case.setting("ends", ends, since=10)
    case.setting("axes", axes, since=10)
    if case.opset >= 10 and any(step != 1 for step in steps):
        case.constant(np.array(steps, np.int64))


def resize(case):
    shape = [case.chance.randint(1, 2), case.chance.randint(1, 3)] + case.pair(1, 9)
    scales = np.array([1, 1] + [case.chance.uniform(0.4, 3) for _ in range(2)], np.float32)
    sizes = np.array(shape[:2] + case.pair(1, 20), np.int64)
    case.input(shape)
    case.attributes["mode"] = mode = case.chance.choice(["nearest", "linear"])
    if case.opset == 10:
        case.constant(scales)
        return
    case.attributes["coordinate_transformation_mode"] = case.chance.choice(
        ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"])
    if mode == "nearest":
        case.attributes["nearest_mode"] = case.chance.choice(
            ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    if case.opset >= 18 and case.maybe():
        case.attributes["axes"] = [2, 3]
        scales, sizes = scales[2:], sizes[2:]

    def leave_out():
        case.constant(np.array([], np.float32)) if case.opset < 13 else case.omit()

    leave_out()
    if case.maybe():
        case.constant(scales)
    else:
        leave_out()
        case.constant(sizes)


def softmax(case):
    shape = case.shape()
    case.input(shape)
    axis = case.axis(len(shape))
    case.attributes["axis"] = axis if case.opset >= 11 else axis % len(shape)


def split(case):
    shape = case.shape()
    axis = case.axis(len(shape))
    case.outputs = case.chance.randint(1, 3)
    parts = [case.chance.randint(1, 3) for _ in range(case.outputs)]
    if case.maybe():
        parts = parts[:1] * case.outputs
    shape[axis] = sum(parts)
    case.input(shape)
    case.attributes["axis"] = axis if case.opset >= 11 else axis % len(shape)
    if len(set(parts)) > 1 or case.maybe():
        case.setting("split", parts, since=13)
    elif case.opset >= 18:
        case.attributes["num_outputs"] = case.outputs
        uneven = list(shape)
        uneven[axis] -= case.chance.randint(0, min(parts[0], case.outputs) - 1)
        case.feeds["x0"] = case.floats(uneven)


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
    "Abs": pointwise(), "Ceil": pointwise(), "Erf": pointwise(), "Exp": pointwise(),
    "Floor": pointwise(), "Gather": gather, "Gelu": gelu, "Log": positive, "LogSoftmax": softmax, "Max": extreme,
    "Min": extreme, "Mish": pointwise(), "Neg": pointwise(), "Pow": power, "Reciprocal": positive,
    "Round": pointwise(), "Softplus": pointwise(), "Sqrt": positive,
    "Add": arithmetic, "AveragePool": pool("AveragePool"), "Cast": cast, "Clip": clip,
    "BatchNormalization": batch_normalization, "Concat": concat, "Conv": conv,
    "ConvTranspose": conv_transpose, "Div": arithmetic, "Dropout": same,
    "Elu": pointwise(alpha=(0.5, 2)), "Flatten": flatten,
    "Gemm": gemm, "GlobalAveragePool": global_pool, "GlobalMaxPool": global_pool,
    "HardSigmoid": pointwise(alpha=(0.1, 0.4), beta=(0.3, 0.6)), "HardSwish": pointwise(),
    "Identity": same, "LeakyRelu": pointwise(alpha=(0.01, 0.5)), "MatMul": mat_mul,
    "MaxPool": pool("MaxPool"), "Mul": arithmetic, "PRelu": prelu, "Pad": pad,
    "ReduceMax": reduction, "ReduceMean": reduction, "ReduceMin": reduction, "Relu": pointwise(),
    "Reshape": reshape, "Resize": resize, "Sigmoid": pointwise(),
    "Slice": slice_, "Softmax": softmax, "Split": split, "Squeeze": squeeze, "Sub": arithmetic,
    "Tanh": pointwise(), "Tile": tile, "Transpose": transpose, "Unsqueeze": unsqueeze,
}


SINCE = {"Erf": 9, "Gelu": 20, "HardSwish": 14, "Mish": 18, "Resize": 10, "Round": 11}


def expected_outputs(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def write_cases(folder):
    """What onnxruntime computes for each case, by case."""
    expected = {}
    for op, build in OPS.items():
        since = SINCE.get(op, 7)
        seed = made = 0
        while made < CASES:
            seed += 1
            if seed > 20 * CASES:
                raise RuntimeError(f"onnxruntime takes too few cases of {op}")
            case = Case(seed, random.Random(seed).choice([o for o in OPSETS if o >= since]))
            build(case)
            try:
                model = case.model(op).SerializeToString()
                expected[f"{op}.{made}"] = expected_outputs(model, case.feeds)
            except Exception:  # Chance put together what ONNX does not have.
                continue
            (folder / f"{op}.{made}.onnx").write_bytes(model)
            np.savez(folder / f"{op}.{made}.npz", **case.feeds)
            made += 1
    return expected


def write_networks(folder):
    expected = {}
    for path in sorted((DATA / "models").glob("*.onnx")):
        model = onnx.load(path)
        value = model.graph.input[0]
        shape = [d.dim_value or 2 for d in value.type.tensor_type.shape.dim]
        feeds = {value.name: np.random.default_rng(0).normal(size=shape).astype(np.float32)}
        expected[path.stem] = expected_outputs(model.SerializeToString(), feeds)
        onnx.save(model, folder / path.name)
        np.savez(folder / f"{path.stem}.npz", **feeds)
    return expected


def finding(folder, name, expected, bound):
    """What is wrong with quern's numbers of a case; None where they agree."""
    outputs = np.load(folder / f"{name}.out.npz")
    for output, wanted in expected.items():
        got = outputs[output]
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            return f"{got.dtype}{list(got.shape)}, expected {wanted.dtype}{list(wanted.shape)}"
        finite = np.isfinite(wanted)
        if not np.array_equal(got[~finite], wanted[~finite], equal_nan=True):
            return "differs where onnxruntime's result is not finite"
        magnitude = np.abs(wanted[finite]).max(initial=1e-30)
        difference = np.abs(got[finite] - wanted[finite].astype(np.float64)).max(initial=0)
        if not difference <= bound * magnitude:
            return f"{difference} apart where the largest is {magnitude}"
    return None


def describe(path):
    model = onnx.load(path)
    node = model.graph.node[0]
    settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.input}
    constants = {c.name: numpy_helper.to_array(c).tolist() if c.data_type == TensorProto.INT64
                 else list(c.dims) for c in model.graph.initializer}
    return f"opset {model.opset_import[0].version} {settings} {shapes} {constants}"


def main(run_models):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases, networks = write_cases(folder), write_networks(folder)
        subprocess.run([run_models, folder], check=True)
        findings, computed = 0, dict.fromkeys(OPS, 0)
        for case, outputs in {**cases, **networks}.items():
            refusal = folder / f"{case}.error"
            if refusal.exists():
                # Of what quern does not compute it says so itself.
                findings += case in networks or "LibTorch" in refusal.read_text()
                print(f"{case}: {refusal.read_text()}")
                continue
            bound = MOST_NETWORK_DIFFERENCE if case in networks else MOST_DIFFERENCE
            what = finding(folder, case, outputs, bound)
            if what is None and case in cases:
                computed[case.split(".")[0]] += 1
            elif what is not None:
                findings += 1
                about = describe(folder / f"{case}.onnx") if case in cases else ""
                print(f"{case}: {what}; {about}")
        for op, count in computed.items():
            if count < FEWEST:
                findings += 1
                print(f"{op}: only {count} cases are computed alike")
    print(f"{findings} findings in {len(cases)} cases and {len(networks)} networks")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
