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

import ops_that_compute
import ops_that_move
from op_case import Case

DATA = Path(os.environ.get("QUERN_DATA", Path(__file__).resolve().parents[3] / "shared/data"))
CASES = 50  # of each op
FEWEST = 25  # that quern must not refuse
MOST_DIFFERENCE = 1e-5  # of the largest magnitude: float32 sums in another order
MOST_NETWORK_DIFFERENCE = 1e-4  # of the range of the logits, after some fifty layers
OPSETS = (7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
OPS = ops_that_compute.OPS | ops_that_move.OPS
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
