"""Cases of the ops that move elements: each draws its inputs, constants and attributes."""

import numpy as np


def concat(case):
    shape = case.shape()
    axis = case.axis(len(shape))
    for _ in range(case.chance.randint(1, 4)):
        shape[axis] = case.chance.randint(1, 4)
        case.constant(case.floats(shape)) if case.maybe(0.2) and case.feeds else case.input(shape)
    case.attributes["axis"] = axis


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


OPS = {
    "Concat": concat, "Flatten": flatten, "Gather": gather, "Pad": pad, "Reshape": reshape,
    "Resize": resize, "Slice": slice_, "Split": split, "Squeeze": squeeze, "Tile": tile,
    "Transpose": transpose, "Unsqueeze": unsqueeze,
}
