#!/usr/bin/env python3
"""What quern makes of a TFLite file must compute what LiteRT's reference kernels compute.

usage: tflite_against_litert.py RANDOM_TFLITE_FILES SPLIT_TFLITE RUN_MODELS

Each case is a file of one op. The codes of quantized files may differ by one, where a real number
lies so near the middle of two codes that float32 and LiteRT's integers round it apart, and where
LiteRT's kernel approximates. Real networks are added where the folder of reference data lies
($QUERN_DATA, or shared/data beside the source tree): each of their operators is such a case, too.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ImportError:
    sys.exit(77)

DATA = Path(os.environ.get("QUERN_DATA", Path(__file__).resolve().parents[3] / "shared/data"))
CASES = 40  # of each op
FEWEST = 10  # that both take
MOST_DIFFERENCE = 1e-5  # of the largest magnitude: float32 sums in another order
MOST_CODES_APART = 1
MOST_SHARE_APART = 0.02  # of the codes of all cases of one op
SHARE_APART = {
    "AVERAGE_POOL_2D": 0.15,  # A mean of few codes often lies in the middle: LiteRT rounds up.
    "LEAKY_RELU": 0.15,  # LiteRT rounds to a whole number before it divides by a power of two,
    "MEAN": 0.15,  # here too,
    "RESIZE_BILINEAR": 0.15,  # and interpolates in steps of 2⁻¹⁰.
}
REFUSALS = {}  # The last one of each op.


def open_model(path):
    """With the reference kernels; of the few ops that have none, with the plain ones."""
    for kernels in (OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        try:
            interpreter = Interpreter(str(path), num_threads=1,
                                      experimental_preserve_all_tensors=True,
                                      experimental_op_resolver_type=kernels)
            interpreter.allocate_tensors()
            return interpreter
        except (RuntimeError, ValueError) as error:
            refusal = error
    raise refusal


def grid_of(tensor):
    """(scale, zero point) of an activation; None where it is real."""
    scale, zero_point = tensor["quantization"]
    return (np.float64(scale), zero_point) if scale else None


def real(tensor, stored):
    grid = grid_of(tensor)
    return stored if grid is None else ((stored - np.float64(grid[1])) * grid[0]).astype(np.float32)


def feed(interpreter, generator):
    """Sets random inputs. @return the real values by name."""
    feeds = {}
    for tensor in interpreter.get_input_details():
        if grid_of(tensor) is None:
            stored = generator.uniform(-4, 4, tensor["shape"]).astype(tensor["dtype"])
        else:
            info = np.iinfo(tensor["dtype"])
            low = -info.max if info.max > 255 else info.min  # int16 is symmetric
            stored = generator.integers(low, info.max + 1, tensor["shape"]).astype(tensor["dtype"])
        interpreter.set_tensor(tensor["index"], stored)
        feeds[tensor["name"]] = real(tensor, stored)
    return feeds


def differences(tensor, expected, got):
    """How many codes differ and how many there are; raises where they are too far apart."""
    if list(got.shape) != list(expected.shape):
        raise ValueError(f"'{tensor['name']}' has the shape {got.shape}, expected {expected.shape}")
    grid = grid_of(tensor)
    if grid is None:
        magnitude = np.abs(expected).max(initial=1e-30)
        apart = np.abs(got.astype(np.float64) - expected).max(initial=0)
        if not apart <= MOST_DIFFERENCE * magnitude:
            raise ValueError(f"'{tensor['name']}' is {apart} apart where the largest is {magnitude}")
        return 0, expected.size
    codes = got.astype(np.float64) / grid[0] + grid[1]
    if not np.abs(codes - np.rint(codes)).max(initial=0) <= 1e-2:
        raise ValueError(f"'{tensor['name']}' does not lie on the file's grid")
    apart = np.abs(np.rint(codes) - expected)
    if not apart.max(initial=0) <= MOST_CODES_APART:
        raise ValueError(f"'{tensor['name']}' is {apart.max()} codes apart: "
                         f"{int(np.argmax(apart))} of {apart.size}")
    return int((apart > 0).sum()), apart.size


def write_cases(folder):
    """What LiteRT computes for each case it takes: {case: [(tensor, stored output)]}."""
    expected = {}
    for path in sorted(folder.glob("*.tflite")):
        try:
            interpreter = open_model(path)
            feeds = feed(interpreter, np.random.default_rng(len(expected)))
            interpreter.invoke()
        except (RuntimeError, ValueError) as error:  # Chance put together what a kernel lacks.
            path.unlink()
            REFUSALS[path.name.split(".")[0]] = error
            continue
        expected[path.stem] = [(tensor, interpreter.get_tensor(tensor["index"]))
                               for tensor in interpreter.get_output_details()]
        np.savez(folder / f"{path.stem}.npz", **feeds)
    return expected


def compare(folder, expected, run_models, mode):
    """{case: (codes apart, codes)} of the cases that agree, and the number of those that do not."""
    subprocess.run([run_models, folder, mode], check=True)
    findings, counts = 0, {}
    for case, outputs in expected.items():
        refusal = folder / f"{case}.error"
        try:
            if refusal.exists():
                raise ValueError(refusal.read_text())
            arrays = np.load(folder / f"{case}.out.npz")
            found = [differences(tensor, stored, arrays[tensor["name"]])
                     for tensor, stored in outputs]
            counts[case] = tuple(map(sum, zip(*found)))
        except (KeyError, ValueError) as error:
            findings += 1
            print(f"{case}: {error}")
    return counts, findings


def compare_ops(random_files, run_models):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([random_files, folder, str(CASES)], check=True)
        ops = {path.name.split(".")[0] for path in folder.glob("*.tflite")}
        counts, findings = compare(folder, write_cases(folder), run_models, "canonical")
    for op in sorted(ops):
        of_op = [count for case, count in counts.items() if case.split(".")[0] == op]
        apart, codes = map(sum, zip(*of_op)) if of_op else (0, 0)
        print(f"{op}: {apart} of {codes} codes one apart in {len(of_op)} cases")
        if len(of_op) < FEWEST:
            findings += 1
            print(f"{op}: too few cases; LiteRT says {REFUSALS.get(op)}")
        findings += apart > SHARE_APART.get(op, MOST_SHARE_APART) * codes
    return findings


def compare_network(model, split, run_models):
    """Each operator, on what LiteRT computes up to it from a random input."""
    interpreter = open_model(model)
    feed(interpreter, np.random.default_rng(0))
    interpreter.invoke()
    tensors = {tensor["name"]: tensor for tensor in interpreter.get_tensor_details()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([split, model, folder], check=True)
        expected, names = {}, {}
        for path in sorted(folder.glob("*.tflite")):
            operator = Interpreter(str(path))
            feeds = {tensor["name"]: real(tensor, interpreter.get_tensor(tensor["index"]))
                     for tensor in operator.get_input_details()}
            np.savez(folder / f"{path.stem}.npz", **feeds)
            outputs = [tensors[tensor["name"]] for tensor in operator.get_output_details()]
            expected[path.stem] = [(t, interpreter.get_tensor(t["index"])) for t in outputs]
            names[path.stem] = outputs[0]["name"].split(";")[0]
        counts, findings = compare(folder, expected, run_models, "canonical")
    for number, (apart, codes) in sorted(counts.items(), key=lambda item: int(item[0])):
        print(f"{model.stem}: {apart} of {codes} codes one apart in '{names[number]}'")
        findings += apart > MOST_SHARE_APART * codes
    return findings


def main(random_files, split, run_models):
    findings = compare_ops(random_files, run_models)
    for model in sorted((DATA / "models").glob("*.tflite")):
        findings += compare_network(model, split, run_models)
    print(f"{findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
