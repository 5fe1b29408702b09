"""What a step of training costs, in float and quantization-aware, beside LibTorch's own operators."""

import json

from command import THREADS, quern

TITLE = "Training speed"

# Network, pictures a step, and what must be reached: float and QAT to LibTorch's float step, QAT to
# the own float step, peak memory of QAT to LibTorch's; None where nothing is promised.
CASES = [("zoo:mobilenet_v2_mini", 64, (0.65, 0.70, 1.08, 1.0)),
         ("zoo:mobilenet_v2", 16, (None, None, 1.15, None)),
         ("zoo:mobilenet_v1", 16, (None, None, None, None)),
         ("zoo:resnet8", 128, (None, None, None, None))]


def rows(data, work):
    for network, batch, goals in CASES:
        cost = json.loads(quern("bench", "--train", network, "--batch", batch, "--bits", 4, *THREADS,
                                "--json")[0])
        libtorch = cost["libtorch_float_ms"]
        found = [(f"float step ({cost['float_ms']:.2f} ms a picture) to LibTorch's ({libtorch:.2f} ms)",
                  cost["float_ms"] / libtorch),
                 (f"4-bit step ({cost['qat_ms']:.2f} ms) to LibTorch's float step",
                  cost["qat_ms"] / libtorch),
                 ("4-bit step to the own float step", cost["qat_ms"] / cost["float_ms"]),
                 ("peak memory of the 4-bit step to LibTorch's in float",
                  cost["qat_peak_bytes"] / cost["libtorch_float_peak_bytes"])]
        for (what, ratio), goal in zip(found, goals):
            promise = "–" if goal is None else f"at most {goal}"
            yield f"`{network}`, batch {batch}: {what}", promise, f"{ratio:.2f}"
