#!/usr/bin/env python3
"""Networks that PyTorch exports must load, and give onnxruntime's numbers.

usage: pytorch_exports.py QUERN [--networks GLOB] [--folder FOLDER]

Every network of NETWORKS with random weights, by both exporters and several operator sets, with a
fixed and a free batch, with batch norms kept and folded. `make interop` runs it; PyTorch's wheels
are too large for `make test`. Files in FOLDER are kept, and not made again.
"""

import argparse
import fnmatch
import itertools
import logging
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torchvision
from torch import nn
from torch.nn import functional

MOST_DIFFERENCE = 1e-4  # of the range of an output: float32 sums in another order
SAMPLES = 4


class UNet(nn.Module):
    """Two levels down and up again, joined level by level."""

    def __init__(self, upsample):
        super().__init__()
        self.upsample = upsample
        self.down = nn.ModuleList([self.block(3, 8), self.block(8, 16)])
        self.middle = self.block(16, 16)
        self.up = nn.ModuleList([self.block(32, 8), self.block(16, 8)])
        self.last = nn.Conv2d(8, 2, 1)

    @staticmethod
    def block(inputs, outputs):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                             nn.BatchNorm2d(outputs), nn.ReLU())

    def forward(self, x):
        levels = []
        for block in self.down:
            levels.append(block(x))
            x = functional.max_pool2d(levels[-1], 2)
        x = self.middle(x)
        for block in self.up:
            level = levels.pop()
            x = block(torch.cat([self.upsample(x, level), level], 1))
        return self.last(x)


def by_factor(mode, **options):
    return lambda x, level: functional.interpolate(x, scale_factor=2, mode=mode, **options)


def to_size(mode, **options):
    return lambda x, level: functional.interpolate(x, size=level.shape[2:], mode=mode, **options)


class Segmenter(nn.Module):
    """Dilated convolutions and a pooled branch, as DeepLab's head has them."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 4, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.head = torchvision.models.segmentation.deeplabv3.DeepLabHead(16, 5, (2, 4))

    def forward(self, x):
        y = self.head(self.stem(x))
        return functional.interpolate(y, size=x.shape[-2:], mode="bilinear", align_corners=False)


class Activations(nn.Module):
    """The functions that mobile networks are written with, some by hand."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1, groups=1)
                                   for i in range(10))
        self.prelu = nn.PReLU(8)
        self.linear = nn.Linear(32, 5)

    def forward(self, x):
        functions = [
            functional.hardswish, functional.silu, functional.gelu, functional.mish, self.prelu,
            lambda x: x * functional.relu6(x + 3) / 6, lambda x: x * torch.sigmoid(x),
            lambda x: functional.leaky_relu(x, 0.1), functional.hardsigmoid,
            lambda x: torch.clamp(x, -1, 1) + torch.minimum(x, torch.tensor(0.5))]
        for conv, function in zip(self.convs, functions):
            x = function(conv(x))
        x = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1)), 33)
        return functional.log_softmax(self.linear(x.view(x.size(0), -1)), 1)


class Attention(nn.Module):
    """Squeeze-and-excitation, chunks, channel shuffle, means and maxima over space."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.squeeze = nn.Conv2d(8, 4, 1)
        self.excite = nn.Conv2d(4, 8, 1)
        self.linear = nn.Linear(16, 5)

    def forward(self, x):
        x = self.stem(x)
        gate = functional.adaptive_avg_pool2d(x, 1)
        x = x * torch.sigmoid(self.excite(functional.relu(self.squeeze(gate))))
        a, b = x.chunk(2, dim=1)
        x = torch.cat([b, a * 2 - b], 1)
        n, c, h, w = x.size()
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        x = torch.cat([x.mean([2, 3]), functional.adaptive_max_pool2d(x, 1).flatten(1)], 1)
        return torch.softmax(self.linear(functional.dropout(x, 0.2, self.training)), -1)


def without_pool(make):
    """Its pool makes 7 × 7 of 2 × 2, which neither exporter writes as a pool."""
    def build():
        net = make()
        net.avgpool, net.classifier[0] = nn.Identity(), nn.Linear(2048, 4096)
        return net
    return build


models = torchvision.models
NETWORKS = {
    "resnet18": models.resnet18, "resnet50": models.resnet50,
    "squeezenet1_1": models.squeezenet1_1, "mobilenet_v2": models.mobilenet_v2,
    "mobilenet_v3_small": models.mobilenet_v3_small, "mnasnet0_5": models.mnasnet0_5,
    "efficientnet_b0": models.efficientnet_b0, "shufflenet_v2": models.shufflenet_v2_x0_5,
    "densenet121": models.densenet121, "regnet_y_400mf": models.regnet_y_400mf,
    "googlenet": lambda: models.googlenet(aux_logits=False, init_weights=False),
    "vgg11_bn": without_pool(models.vgg11_bn),
    "unet_nearest": lambda: UNet(by_factor("nearest")),
    "unet_bilinear": lambda: UNet(by_factor("bilinear", align_corners=False)),
    "unet_aligned": lambda: UNet(by_factor("bilinear", align_corners=True)),
    "unet_sizes": lambda: UNet(to_size("bilinear", align_corners=False)),
    "unet_sizes_nearest": lambda: UNet(to_size("nearest")),
    "segmenter": Segmenter, "activations": Activations, "attention": Attention,
}

#: name → arguments of torch.onnx.export, and whether the batch is free
EXPORTS = {
    "script11": (dict(dynamo=False, opset_version=11), False),
    "script13": (dict(dynamo=False, opset_version=13,
                      training=torch.onnx.TrainingMode.PRESERVE), True),
    "script17": (dict(dynamo=False, opset_version=17, do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE), True),
    "script20": (dict(dynamo=False, opset_version=20), True),
    "dynamo18": (dict(dynamo=True, opset_version=18, optimize=False), True),
    "dynamo18_fixed": (dict(dynamo=True, opset_version=18), False),
    "dynamo20": (dict(dynamo=True, opset_version=20, external_data=False), True),
}


def network(name):
    torch.manual_seed(0)
    net = NETWORKS[name]()
    # Statistics of its own for every batch norm, so that a wrong one shows.
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return net.eval()


def export(name, form, path):
    arguments, free_batch = EXPORTS[form]
    if arguments["dynamo"]:
        arguments = {**arguments, "verbose": False}
    if free_batch and arguments["dynamo"]:
        arguments = {**arguments, "dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    elif free_batch:
        arguments = {**arguments, "dynamic_axes": {"input": {0: "batch"}, "output": {0: "batch"}}}
    # A traced batch of 1 would be taken for a fact.
    example = torch.randn(2 if free_batch else SAMPLES, 3, 64, 64)
    torch.onnx.export(network(name), (example,), str(path), input_names=["input"],
                      output_names=["output"], **arguments)


def expected(path, x):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return {output.name: y for output, y in zip(session.get_outputs(), session.run(None, {"input": x}))}


def finding(quern, path, x):
    """What is wrong with a file; None where quern computes what onnxruntime does."""
    np.savez(path.with_suffix(".npz"), input=x)
    dump = path.with_suffix(".out.npz")
    run = subprocess.run([quern, "run", path, "--data", path.with_suffix(".npz"), "--dump",
                          "logits", "-o", dump], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        return f"exit {run.returncode}: {run.stderr.strip().splitlines()[-1]}"
    outputs = np.load(dump)
    for name, wanted in expected(path, x).items():
        apart = np.abs(outputs[name] - wanted).max() / np.ptp(wanted)
        if not apart <= MOST_DIFFERENCE:
            return f"output '{name}' is {apart:.2g} of its range apart"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quern", type=Path)
    parser.add_argument("--networks", default="*", metavar="GLOB")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    findings = files = 0
    x = np.random.default_rng(0).normal(size=(SAMPLES, 3, 64, 64)).astype(np.float32)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        for name, form in itertools.product(fnmatch.filter(NETWORKS, arguments.networks), EXPORTS):
            path = folder / f"{name}.{form}.onnx"
            try:
                if not path.exists():
                    export(name, form, path)
            except Exception as error:  # The exporter's own limits.
                print(f"{path.stem}: not exported: {str(error).strip().splitlines()[0]}")
                continue
            what = finding(arguments.quern, path, x)
            files += 1
            findings += what is not None
            print(f"{path.stem}: {what or 'equal'}", flush=True)
    print(f"{findings} findings in {files} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
