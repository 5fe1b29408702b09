"""Post-training quantization: MobileNetV2 on photos, ResNet-8 on CIFAR-10."""

import json

from command import CIFAR, THREADS, evaluate, peak_of, peer, quern

TITLE = "Post-training quantization"

# The three snippets of the FINN flow: which convolutions get 4-bit weights.
SNIPPETS = {
    1: ('[[quantize.rule]]\nop = "Conv"\nweight_bits = 4\n', lambda name, depthwise: True),
    2: ('[[quantize.rule]]\nop = "Conv"\ndepthwise = false\nweight_bits = 4\n',
        lambda name, depthwise: not depthwise),
    3: ('[[quantize.rule]]\nop = "Conv"\ndepthwise = false\nweight_bits = 4\n'
        '[[quantize.rule]]\nlayer = "features.0.0"\nweight_bits = 8\n',
        lambda name, depthwise: not depthwise and name != "features.0.0"),
}


def rows(data, work):
    yield from imagenet(data, work)
    yield from cifar(data, work)


def imagenet(data, work):
    """Rows on the real MobileNetV2."""
    model = data / "models/mobilenet_v2_1.0_224.onnx"
    photos, calibration = data / "imagenet-sample", data / "imagenet-sample/calibration.txt"
    accuracy = evaluate(model, photos / "val.txt")
    yield ("float MobileNetV2, 750 photos", "77.73 % ± 1 photo", f"{accuracy['top1']:.2f} %")

    run = work / "w8a8"
    times = sorted(peak_of("quantize", model, "--data", calibration, *THREADS, "-o", run)
                   for _ in range(3))
    seconds, mib = times[1]
    yield ("`quern quantize` W8A8, 250 photos, 2 threads: median of 3", "≤ 8 s, ≤ 500 MiB",
           f"{seconds:.1f} s, {mib} MiB")
    peaks = [peak_of("quantize", model, "--data", photos / "all.txt", "--limit", count, *THREADS,
                     "-o", work / "flat")[1] for count in (50, 250, 1000)]
    yield ("its peak memory for 50, 250, 1000 photos", "flat",
           ", ".join(f"{peak} MiB" for peak in peaks))

    quantized = run / "models/quantized.onnx"
    seconds = evaluate(quantized, photos / "val.txt")["seconds"]
    yield ("`quern evaluate` of it, 750 photos, 2 threads", "≤ 20 s", f"{seconds:.1f} s")
    accuracy = evaluate(quantized, photos / "val.txt", "--reference", model)
    yield ("W8A8 on `val.txt`", "≥ 77.2 %, ≥ 17 dB",
           f"{accuracy['top1']:.2f} %, {accuracy['sqnr_db']:.1f} dB, "
           f"same answer {accuracy['agreement']:.1f} %")

    quern("run", quantized, "--data", photos / "val.txt", "--limit", 8, "--dump", "codes", "-o",
          work / "codes.npz")
    codes = json.loads(peer("compare_qonnx.py", quantized, work / "codes.npz"))
    yield ("the same file in the `qonnx` executor, 8 photos: each layer fed the same codes",
           "≤ 1 code apart in ≤ 0.1 %",
           f"{codes['differing']} of {codes['elements']:,} codes differ "
           f"({100 * codes['differing'] / codes['elements']:.5f} %), "
           f"by at most {codes['most_codes_apart']}")
    yield ("the same, end to end", "same top-1, logits within 5 % of their range",
           f"same top-1 on {codes['same_top1']} of {codes['photos']}, "
           f"worst {100 * codes['worst_logit_difference']:.2f} %")

    yield from snippets(model, calibration, work)
    for bits in (8, 4):
        run = work / f"w{bits}a{bits}"
        quern("quantize", model, "--data", calibration, "--weight-bits", bits, "--activation-bits",
              bits, *THREADS, "-o", run)
        output, _ = quern("info", run / "models/quantized.onnx", "--target", "finn")
        yield (f"`info --target finn` on W{bits}A{bits}", "no finding", output.strip())


def snippets(model, calibration, work):
    for number, (rules, is_narrow) in SNIPPETS.items():
        recipe = work / f"snippet{number}.toml"
        recipe.write_text(f'version = 1\n[model]\nsource = "{model}"\n[data]\ncalibration = '
                          f'"{calibration}"\nlimit = 8\n[quantize]\nscheme = "finn"\n{rules}')
        run = work / f"snippet{number}"
        quern("quantize", recipe, *THREADS, "-o", run)
        info = json.loads(quern("info", run / "models/quantized.onnx", "--json")[0])
        convs = [layer for layer in info["layers"] if layer["op"] in ("Conv", "Gemm")]
        right = sum(layer["weight_bits"] == (4 if layer["op"] == "Conv" and is_narrow(
            layer["layer"], is_depthwise(layer)) else 8) for layer in convs)
        narrow = sum(layer["weight_bits"] == 4 for layer in convs)
        yield (f"snippet {number} of the FINN flow: bits read back from the file",
               "as asked, every layer",
               f"{right} of {len(convs)} layers as asked, {narrow} at 4 bits")


def is_depthwise(layer):
    """A MobileNetV2 convolution that has one weight plane per channel."""
    channels = layer["output_shape"][1]
    return layer["op"] == "Conv" and layer["parameters"] == channels * 9


def cifar(data, work):
    """Rows on MLPerf Tiny's ResNet-8."""
    lists = work / "cifar10"
    for name in ("train", "test"):
        lines = (lists / f"{name}.txt").read_text().splitlines(keepends=True)
        step = len(lines) // 1000
        (work / "cifar10" / f"{name}1000.txt").write_text("".join(lines[::step][:1000]))
    model, run = data / "models/resnet8_cifar10.onnx", work / "resnet8"
    quern("quantize", model, "--data", lists / "train1000.txt", *CIFAR, *THREADS, "-o", run)
    accuracy = evaluate(run / "models/quantized.onnx", lists / "test1000.txt", "--reference", model)
    yield ("ResNet-8 W8A8, 1000 CIFAR-10 test images", "within 0.7 points of float",
           f"{accuracy['top1']:.1f} %, float {accuracy['reference_top1']:.1f} %, "
           f"{accuracy['sqnr_db']:.1f} dB")
