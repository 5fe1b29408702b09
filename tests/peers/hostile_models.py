#!/usr/bin/env python3
"""Files that ask for what no network needs must end in a sentence, soon and without much memory.

usage: hostile_models.py QUERN

Every case is a file of a few hundred bytes, or a folder with external data. quern has to end with
the exit code of the case, name the layer (or input, initializer, value) that is to blame, and stay
below MOST_MEMORY.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    sys.exit(77)

MOST_MEMORY = 200 << 20
MOST_SECONDS = 10
UNSUPPORTED, BAD_INPUT = 3, 7
BILLION = 10**9


def tensor(name, values, dtype=np.int64):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def model(nodes, constants=(), shape=("N", 3, 8, 8), opset=17, functions=()):
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(constants))
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, functions=functions)


def it(op, inputs, output="y", **attributes):
    return helper.make_node(op, inputs, [output], name="it", **attributes)


def declared(name, shape):
    """An initializer that claims a shape and holds nothing."""
    proto = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
    proto.raw_data = b""
    return proto


def external(location, shape=(3,), offset=None):
    proto = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=shape,
                        data_location=TensorProto.EXTERNAL)
    proto.external_data.add(key="location", value=location)
    if offset is not None:
        proto.external_data.add(key="offset", value=str(offset))
    return model([it("Add", ["x", "w"])], [proto])


def branch(op):
    body = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "body", [],
                             [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)])
    if op == "If":
        return it("If", ["condition"], then_branch=body, else_branch=body)
    return it(op, ["trips", "condition", "x"] if op == "Loop" else ["x"], body=body,
              **({"num_scan_inputs": 1} if op == "Scan" else {}))


def doubling():
    """Forty functions, each of which calls the next one twice."""
    functions = []
    for level in range(40):
        call = ["Relu", ""] if level == 39 else [f"f{level + 1}", "own"]
        nodes = [helper.make_node(call[0], [a], [b], domain=call[1])
                 for a, b in (("a", "m"), ("m", "b"))]
        functions.append(helper.make_function("own", f"f{level}", ["a"], ["b"], nodes,
                                              [helper.make_opsetid("", 17)]))
    return model([helper.make_node("f0", ["x"], ["y"], name="it", domain="own")],
                 functions=functions)


#: name → (model, exit code, words of the sentence)
CASES = {
    "initializer": (model([it("Add", ["x", "w"])], [declared("w", [BILLION])]),
                    BAD_INPUT, "'w'"),
    "initializer_overflow": (model([it("Add", ["x", "w"])], [declared("w", [2**40, 2**40])]),
                             BAD_INPUT, "'w'"),
    "constant_of_shape": (model([helper.make_node("ConstantOfShape", ["s"], ["c"], name="it"),
                                 helper.make_node("Add", ["x", "c"], ["y"])],
                                [tensor("s", [10**6, 10**7])]), BAD_INPUT, "'it'"),
    "constant_of_shape_run": (model([helper.make_node("ConstantOfShape", ["s"], ["c"], name="it"),
                                     helper.make_node("Add", ["x", "c"], ["y"])],
                                    [tensor("s", [1, 3, 10**4, 10**4])], ("N", 3, 1, 1)),
                              UNSUPPORTED, "'it'"),
    "expand": (model([it("Expand", ["x", "s"])], [tensor("s", [BILLION, 3, 8, 8])],
                     (1, 3, 8, 8)), UNSUPPORTED, "'it'"),
    "range": (model([helper.make_node("Range", ["a", "b", "d"], ["r"], name="it"),
                     helper.make_node("Cast", ["r"], ["f"], to=TensorProto.FLOAT),
                     helper.make_node("Add", ["x", "f"], ["y"])],
                    [tensor("a", 0), tensor("b", BILLION), tensor("d", 1)]), UNSUPPORTED, "'it'"),
    "resize": (model([it("Resize", ["x", "", "s"])],
                     [tensor("s", [1, 1, 1e9, 1e9], np.float32)]), BAD_INPUT, "'it'"),
    "resize_run": (model([it("Resize", ["x", "", "s"])],
                         [tensor("s", [1, 1, 1e4, 1e4], np.float32)]), UNSUPPORTED, "'it'"),
    "pad": (model([it("Pad", ["x", "p"])], [tensor("p", [0, 0, 0, 0, 0, 0, 2**40, 2**40])]),
            BAD_INPUT, "'it'"),
    "pad_overflow": (model([it("Pad", ["x", "p"])], [tensor("p", [0] * 7 + [2**63 - 1])]),
                     BAD_INPUT, "'it'"),
    "pad_run": (model([it("Pad", ["x", "p"])], [tensor("p", [0] * 6 + [10**5, 10**5])]),
                UNSUPPORTED, "'it'"),
    "tile": (model([it("Tile", ["x", "r"])], [tensor("r", [1, 1, BILLION, BILLION])]),
             BAD_INPUT, "'it'"),
    "tile_run": (model([it("Tile", ["x", "r"])], [tensor("r", [1, 1, 10**4, 10**4])]),
                 UNSUPPORTED, "'it'"),
    "reshape": (model([it("Reshape", ["x", "s"])], [tensor("s", [BILLION, BILLION])]),
                BAD_INPUT, "'it'"),
    "shape_overflow": (model([helper.make_node("Mul", ["s", "s"], ["t"], name="product"),
                              it("Reshape", ["x", "t"])], [tensor("s", [2**62, 2])]),
                       UNSUPPORTED, "'it'"),
    "conv_pads": (model([it("Conv", ["x", "w"], pads=[2**31 - 1] * 4)],
                  [tensor("w", np.zeros((1, 3, 1, 1)), np.float32)]), BAD_INPUT, "'it'"),
    "matmul": (model([helper.make_node("Reshape", ["x", "s"], ["c"]),
                      helper.make_node("Transpose", ["c"], ["t"], perm=[1, 0]),
                      helper.make_node("MatMul", ["c", "t"], ["y"], name="it")],
                     [tensor("s", [-1, 1])], (1, 3, 2048, 2048)), BAD_INPUT, "'it'"),
    "matmul_run": (model([helper.make_node("Reshape", ["x", "s"], ["c"]),
                          helper.make_node("Transpose", ["c"], ["t"], perm=[1, 0]),
                          helper.make_node("MatMul", ["c", "t"], ["y"], name="it")],
                         [tensor("s", [-1, 1])], (1, 3, 256, 256)), UNSUPPORTED, "'it'"),
    "extent": (model([it("Relu", ["x"])], shape=(1, 2**40, 8, 8)), BAD_INPUT, "'x'"),
    "elements": (model([it("Relu", ["x"])], shape=(1, 2**30, 2**20, 8)), BAD_INPUT, "'x'"),
    "if": (model([branch("If")], [tensor("condition", True, bool)]), UNSUPPORTED, "'it'"),
    "loop": (model([branch("Loop")], [tensor("condition", True, bool), tensor("trips", 2)]),
             UNSUPPORTED, "'it'"),
    "scan": (model([branch("Scan")]), UNSUPPORTED, "'it'"),
    "functions": (doubling(), UNSUPPORTED, "functions"),
    "data_in_shape": (model([helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT64),
                             it("Reshape", ["x", "i"])]), UNSUPPORTED, "'it'"),
    "conv_3d": (model([it("Conv", ["x", "w"])],
                      [tensor("w", np.zeros((1, 3, 1, 1, 1)), np.float32)], ("N", 3, 8, 8, 8)),
                UNSUPPORTED, "'it'"),
    "conv_1d": (model([it("Conv", ["x", "w"])],
                      [tensor("w", np.zeros((1, 3, 1)), np.float32)], ("N", 3, 8)),
                UNSUPPORTED, "'it'"),
    "unknown_op": (model([it("Conv2D", ["x"])]), UNSUPPORTED, "'it'"),
    "external_missing": (external("missing.bin"), BAD_INPUT, "missing.bin"),
    "external_above": (external("../outside.bin"), BAD_INPUT, "outside of the model's folder"),
    "external_winding": (external("a/../../outside.bin"), BAD_INPUT,
                         "outside of the model's folder"),
    "external_absolute": (external("/etc/hostname"), BAD_INPUT, "outside of the model's folder"),
    "external_link": (external("link.bin"), BAD_INPUT, "outside of the model's folder"),
    "external_short": (external("short.bin", (BILLION,)), BAD_INPUT, "short.bin"),
    "external_beyond": (external("short.bin", (3,), 2**62), BAD_INPUT, "'w'"),
    "doubled": (model([helper.make_node("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], name=f"double{i}",
                                       axis=0) for i in range(38)] +
                      [helper.make_node("ReduceMean", ["c38"], ["mean"], keepdims=0),
                       it("Add", ["x", "mean"])],
                      [tensor("c0", [[1, 2]], np.float32)]), UNSUPPORTED, "'double"),
}


def write_case(folder, proto):
    """The model, and input for it where a small one fits."""
    (folder / "model").mkdir(parents=True)
    (folder / "outside.bin").write_bytes(bytes(12))
    (folder / "model/short.bin").write_bytes(bytes(12))
    (folder / "model/link.bin").symlink_to("../outside.bin")
    path = folder / "model/model.onnx"
    path.write_bytes(proto.SerializeToString())
    shape = [d.dim_value or 1 for d in proto.graph.input[0].type.tensor_type.shape.dim]
    if np.prod(shape, dtype=float) > 2**24:
        shape = [1]
    np.savez(folder / "inputs.npz", x=np.zeros(shape, np.float32))
    return path


def finding(command, code, words):
    """What is wrong with how the command ends; None where it ends as it should."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    sentence = process.stderr.read().strip()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    memory = usage.ru_maxrss << 10
    if memory > MOST_MEMORY:
        return f"takes {memory >> 20} MiB"
    if time.monotonic() - start > MOST_SECONDS:
        return f"takes {time.monotonic() - start:.0f} seconds"
    if process.returncode not in code:
        return f"exit {process.returncode}, expected {code}: {sentence}"
    if process.returncode != 0 and words not in sentence:
        return f"the sentence does not name {words}: {sentence}"
    return None


def main(quern):
    findings = 0
    with tempfile.TemporaryDirectory() as name:
        for case, (proto, code, words) in CASES.items():
            folder = Path(name) / case
            path = write_case(folder, proto)
            commands = {(quern, "info", path): (0, code),
                        (quern, "run", path, "--data", folder / "inputs.npz", "--dump", "logits",
                         "-o", folder / "out.npz"): (code,)}
            for command, codes in commands.items():
                what = finding(command, codes, words)
                findings += what is not None
                if what is not None:
                    print(f"{case}: {command[1]} {what}")
    print(f"{findings} findings in {len(CASES)} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
