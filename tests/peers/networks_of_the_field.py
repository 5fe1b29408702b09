#!/usr/bin/env python3
"""The networks of the field go the whole way: import, float run, quantize, export, run in qonnx.

usage: networks_of_the_field.py QUERN [NAME…]

Each of networks.py and of quern's zoo, with random weights: quern's float outputs must be
onnxruntime's, answer for answer; the network quantized to 8 bits must have qonnx's codes layer by
layer, by the bounds of compare_qonnx.py.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from pictures import synthetic_photos

try:
    import numpy as np
    import onnxruntime
    import qonnx  # noqa: F401
    from networks import NETWORKS
except ImportError:
    sys.exit(77)

COMPARE = Path(__file__).with_name("compare_qonnx.py")
ZOO = ["mobilenet_v1", "mobilenet_v2_mini", "mnasnet", "resnet8"]
SIDE = 64  # of the pictures, in pixels: the least that five halvings leave something of
IMAGES = 20
MOST_DIFFERENCE = 1e-4  # of the range of the outputs, after some fifty layers of float32


class Way:
    def __init__(self, quern, folder):
        self.quern, self.folder, self.findings = quern, folder, 0
        self.pictures = synthetic_photos(quern, folder / "photos", 8)

    def run(self, *arguments):
        return subprocess.run([self.quern, *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def float_difference(self, model):
        """Of the range of onnxruntime's outputs; and how many answers are the same."""
        inputs, dump = self.folder / "inputs.npz", self.folder / "logits.npz"
        images = np.random.default_rng(0).normal(size=(IMAGES, 3, SIDE, SIDE)).astype(np.float32)
        np.savez(inputs, input=images)
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        expected = session.run(None, {"input": images})[0].reshape(IMAGES, -1)
        self.run("run", model, "--data", inputs, "--dump", "logits", "-o", dump)
        logits = np.load(dump)["logits"].reshape(IMAGES, -1)
        same = np.count_nonzero(logits.argmax(axis=1) == expected.argmax(axis=1))
        return np.abs(logits - expected).max() / np.ptp(expected), int(same)

    def codes(self, model):
        """The line of compare_qonnx.py, and whether its bounds hold."""
        folder, dump = model.with_suffix(""), self.folder / "codes.npz"
        self.run("quantize", model, "--data", self.pictures, "--crop", SIDE, "-o", folder)
        quantized = folder / "models/quantized.onnx"
        self.run("run", quantized, "--data", self.pictures, "--limit", 1, "--dump", "codes",
                 "-o", dump)
        result = subprocess.run([sys.executable, COMPARE, quantized, dump, "layers"], text=True,
                                stdout=subprocess.PIPE)
        return result.stdout.strip(), result.returncode == 0

    def go(self, name):
        model = self.folder / f"{name.replace(':', '_')}.onnx"
        if name.startswith("zoo:"):
            self.run("export", name, "--input", SIDE, "--to", "onnx", "--batch", 0, "-o",
                     model)
        else:
            NETWORKS[name](model, SIDE)
        difference, same = self.float_difference(model)
        codes, sound = self.codes(model)
        self.findings += not (difference <= MOST_DIFFERENCE and same == IMAGES and sound)
        print(f"{name}: float {difference:.1e} of the range, {same} of {IMAGES} answers alike; "
              f"8 bits {codes}", flush=True)


def main(quern, *names):
    with tempfile.TemporaryDirectory() as folder:
        way = Way(quern, Path(folder))
        for name in names or [*NETWORKS, *(f"zoo:{name}" for name in ZOO)]:
            try:
                way.go(name)
            except subprocess.CalledProcessError as error:
                way.findings += 1
                print(f"{name}: {error.stderr.strip().splitlines()[-1]}", flush=True)
    return 1 if way.findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
