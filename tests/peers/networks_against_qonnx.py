#!/usr/bin/env python3
"""Exported networks must pass ONNX's checker, and the qonnx package must clean them up and run them.

usage: networks_against_qonnx.py RANDOM_NETWORKS
"""

import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.util.cleanup import cleanup_model
except ImportError:
    sys.exit(77)

# qonnx runs each node as a model of onnx's newest IR version, which onnxruntime may not know.
onnx.IR_VERSION = 10


def check(path):
    """Raises where one of the tools does not take the file."""
    model = onnx.load(path)
    onnx.checker.check_model(model)
    network = cleanup_model(ModelWrapper(model))
    feeds = {}
    for value in network.graph.input:
        shape = network.get_tensor_shape(value.name)
        feeds[value.name] = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    results = execute_onnx(network, feeds)
    for value in network.graph.output:
        result = results[value.name]
        if list(result.shape) != network.get_tensor_shape(value.name):
            raise ValueError(f"output '{value.name}' has shape {result.shape}")
        if not np.isfinite(result).all():
            raise ValueError(f"output '{value.name}' is not finite")


def main():
    findings = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        paths = sorted(Path(folder).glob("own_*.onnx"))
        for path in paths:
            try:
                check(path)
            except Exception as error:  # Whatever the tools raise is a finding.
                findings += 1
                print(f"{path.name}: {type(error).__name__}: {error}")
    print(f"{findings} of {len(paths)} networks are not taken")
    return findings > 0 or not paths


if __name__ == "__main__":
    sys.exit(main())
