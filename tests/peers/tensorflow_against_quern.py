#!/usr/bin/env python3
"""Frozen TensorFlow graphs must give TensorFlow's numbers, as .pb and as tf2onnx's .onnx.

usage: tensorflow_against_quern.py RUN_MODELS QUERN

Networks of the kinds that people bring, with random weights, are built as TensorFlow 1 graphs and
with Keras, frozen, and run by both. Those that the zoo has are also filled into it by
`quern import-weights`.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

try:
    import numpy as np
    import tensorflow as tf
    import tf2onnx
except ImportError:
    sys.exit(77)

import keras_networks
import tensorflow_1_networks

BATCH = 2

# Sums of some thousand float32 products in another order.
TOLERANCE = 1e-4
# A value between two codes falls on either side by its last digit; what it moves is a step or two.
QUANTIZED_TOLERANCE = 0.03


def picture(extent, seed):
    shape = [BATCH, extent, extent, 3]
    return np.random.default_rng(seed).uniform(-1, 1, size=shape).astype(np.float32)


# --- networks of the zoo ----------------------------------------------------------------------

IN_ZOO = {
    "mobilenet_with_norms": ("mobilenet_v1", 0.25),
    "mobilenet_folded": ("mobilenet_v1", 0.25),
    "mnasnet": ("mnasnet", 0.5),
}


def fill_zoo(quern, folder, filled, expected):
    """Fills networks of the zoo from frozen graphs. @return the same as write_files."""
    logits = {}
    for name, (network, width) in IN_ZOO.items():
        done = subprocess.run(
            [quern, "import-weights", folder / f"{name}.pb", "--into", f"zoo:{network}",
             "-o", filled / f"{name}.onnx"], capture_output=True, text=True, check=False)
        if done.returncode or f"width {width}, input 64x64, 1001 classes, label offset 1" \
                not in done.stdout:
            (filled / f"{name}.error").write_text(done.stdout + done.stderr, encoding="utf-8")
        np.savez(filled / name, input=np.load(folder / f"{name}.npz")["input_node"])
        logits[name] = (["logits"], expected[name][1])
    return logits


# --- comparison -----------------------------------------------------------------------------------

OPSETS = [13, 17]
# tf2onnx lacks FakeQuant, keeps a dropout's random numbers, writes a transposed convolution that
# leaves gaps with negative pads, and leaves it to ONNX which pixel is nearest.
WITHOUT_ONNX = ["dropout", "fake_quant", "keras_unet", "far_resizes"]


def write_files(folder):
    """@return what TensorFlow computes: file name → (output names, numbers)."""
    expected = {}
    for kind in [tensorflow_1_networks, keras_networks]:
        for seed, (name, (build, extent)) in enumerate(kind.NETWORKS.items()):
            pictures = picture(extent, seed)
            graph, feed, names, numbers = kind.frozen(build, pictures, seed)
            files = {name: None} if name in WITHOUT_ONNX else {name: None, **{
                f"{name}_opset_{opset}": opset for opset in OPSETS}}
            for file, opset in files.items():
                if opset is None:
                    tf.io.write_graph(graph, str(folder), f"{file}.pb", as_text=False)
                    np.savez(folder / file, **{feed: pictures})
                    expected[file] = (names, numbers)
                else:
                    tf2onnx.convert.from_graph_def(
                        graph, input_names=[f"{feed}:0"],
                        output_names=[f"{y}:0" for y in names], opset=opset,
                        output_path=str(folder / f"{file}.onnx"))
                    np.savez(folder / file, **{f"{feed}:0": pictures})
                    expected[file] = ([f"{y}:0" for y in names], numbers)
    return expected


def compare(folder, file, names, numbers):
    """@return a finding, or none."""
    error = folder / f"{file}.error"
    if error.exists():
        return error.read_text(encoding="utf-8")
    results = np.load(folder / f"{file}.out.npz")
    worst = 0.0
    for name, right in zip(names, numbers):
        found = results[name]
        if name == "logits" and np.allclose(right.sum(-1), 1):
            found = np.exp(found) / np.exp(found).sum(-1, keepdims=True)
        if found.ndim == 4 and found.shape != right.shape:
            found = found.transpose(0, 2, 3, 1)
        if found.shape != right.shape:
            return f"'{name}' has shape {found.shape}, expected {right.shape}"
        worst = max(worst, np.abs(found - right).max() / np.ptp(right))
    tolerance = QUANTIZED_TOLERANCE if "fake_quant" in file else TOLERANCE
    print(f"{file}: {worst:.1e} of the range")
    return f"differs by {worst:.1e} of the range" if not worst <= tolerance else None


def main():
    run_models, quern = sys.argv[1:]
    findings = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled = folder / "filled"
        filled.mkdir()
        expected = write_files(folder)
        logits = fill_zoo(quern, folder, filled, expected)
        files = 0
        for place, results in [(folder, expected), (filled, logits)]:
            subprocess.run([run_models, place, "canonical"], check=True)
            for file, (names, numbers) in results.items():
                files += 1
                if finding := compare(place, file, names, numbers):
                    findings += 1
                    print(f"{place.name}/{file}: {finding}")
    print(f"{findings} findings in {files} files")
    return findings > 0


if __name__ == "__main__":
    sys.exit(main())
