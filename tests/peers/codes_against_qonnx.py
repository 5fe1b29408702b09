#!/usr/bin/env python3
"""The qonnx package must compute quern's codes from the files that quern writes.

usage: codes_against_qonnx.py QUERN [photos]

A small network of 4 and of 8 bits on generated pictures and, where the folder of reference data
lies ($QUERN_DATA, or shared/data beside the source tree), the QONNX files of other tools on their
own inputs; with `photos`, a MobileNetV2 of 8 bits on photos instead. The bounds are those of
compare_qonnx.py.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pictures import synthetic_photos

try:
    import numpy as np
    import qonnx  # noqa: F401
except ImportError:
    sys.exit(77)

DATA = Path(os.environ.get("QUERN_DATA", Path(__file__).resolve().parents[3] / "shared/data"))
COMPARE = Path(__file__).with_name("compare_qonnx.py")
PICTURES = 2  # Each is computed twice, node by node.


class Comparison:
    def __init__(self, quern, folder):
        self.quern, self.folder, self.findings = quern, folder, 0

    def run(self, *arguments):
        subprocess.run([self.quern, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def quantized(self, name, bits, data, *model):
        """The file of a network quantized on `data`."""
        folder = self.folder / name
        self.run("quantize", *model, "--data", data, "--weight-bits", bits, "--activation-bits",
                 bits, "-o", folder)
        return folder / "models/quantized.onnx"

    def compare(self, name, model, data):
        dump = self.folder / f"{name}.npz"
        limit = [] if data.suffix == ".npz" else ["--limit", PICTURES]
        self.run("run", model, "--data", data, *limit, "--dump", "codes", "-o", dump)
        result = subprocess.run([sys.executable, COMPARE, model, dump], stdout=subprocess.PIPE,
                                text=True)
        self.findings += result.returncode != 0
        print(f"{name}: {result.stdout.strip()}", flush=True)

    def generated_pictures(self):
        pictures = synthetic_photos(self.quern, self.folder / "photos", 8)
        for bits in (4, 8):
            name = f"mini_w{bits}a{bits}"
            self.compare(name, self.quantized(name, bits, pictures, "zoo:mobilenet_v2_mini",
                                              "--input", 64, "--classes", 10), pictures)

    def files_of_other_tools(self):
        for path in sorted((DATA / "interop").glob("*.onnx")):
            model = self.folder / path.name
            self.run("export", path, "--to", "qonnx", "-o", model)
            inputs = self.folder / "inputs.npz"
            np.savez(inputs, x=np.load(path.with_suffix(".npz"))["x"][:PICTURES])
            self.compare(path.stem, model, inputs)

    def photos(self):
        lists = DATA / "imagenet-sample"
        if not lists.exists():
            sys.exit(77)
        self.compare("mobilenet_v2",
                     self.quantized("photos", 8, lists / "calibration.txt",
                                    DATA / "models/mobilenet_v2_1.0_224.onnx"),
                     lists / "val.txt")


def main(quern, extent="generated"):
    with tempfile.TemporaryDirectory() as name:
        comparison = Comparison(quern, Path(name))
        if extent == "photos":
            comparison.photos()
        else:
            comparison.generated_pictures()
            comparison.files_of_other_tools()
    return 1 if comparison.findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
