"""Networks from elsewhere: operators, the networks of the field, files of other tools."""

import re

from command import CIFAR, ROOT, THREADS, evaluate, peer, quern, unit_tests

TITLE = "Any network"


def rows(data, work):
    yield from operators()
    yield from networks_of_the_field()
    yield from files_of_other_tools()
    yield from published_files(data, work)
    yield ("parameters and MACs of every network of the zoo, and of its published widths and inputs",
           "the published ones", unit_tests("quern_zoo_test", "*ublished*"))


def operators():
    output = peer("ops_against_onnxruntime.py", ROOT / "build/tests/quern_run_models")
    findings, cases = re.search(r"(\d+) findings in (\d+) cases", output).groups()
    refused = len(re.findall(r"^\w+\.\d+: .*layer", output, re.MULTILINE))
    yield ("every operator against onnxruntime, 50 random cases each", "within 1e-5",
           f"{findings} findings in {cases} cases, of which {refused} are refused with a sentence")


def networks_of_the_field():
    for line in peer("networks_of_the_field.py", ROOT / "build/quern").splitlines():
        name, difference, same, count, codes = re.match(
            r"([\w:]+): float (\S+) of the range, (\d+) of (\d+) answers alike; 8 bits (.*)", line).groups()
        elements, differing, apart = (re.search(rf'"{key}": (\d+)', codes).group(1)
                                      for key in ("elements", "differing", "most_codes_apart"))
        yield (f"{name}, random weights: float against onnxruntime; W8A8 in the `qonnx` executor",
               f"1e-4 of the range, {count} answers alike; ≤ 1 code apart in ≤ 0.1 %",
               f"{float(difference):.0e}, {same} alike; {differing} of {int(elements):,} codes differ, "
               f"by at most {apart}")


def files_of_other_tools():
    """Scripts whose last line is "N findings in M files"."""
    command, models = ROOT / "build/quern", ROOT / "build/tests/quern_run_models"
    for what, goal, script, arguments, python in (
            ("exports of PyTorch's two exporters, opsets 11 to 20, against onnxruntime",
             "1e-4 of the range", "../interop/pytorch_exports.py", [command], "interop"),
            ("TensorFlow's frozen graphs, its checkpoints' weights, tf2onnx, against TensorFlow",
             "1e-4 of the range", "tensorflow_against_quern.py", [models, command], "tensorflow"),
            ("TFLite files against LiteRT", "the same codes, floats within 1e-5", "tflite_against_litert.py",
             [ROOT / "build/tests/quern_random_tflite_files", ROOT / "build/tests/quern_split_tflite",
              models], "peers"),
            ("onnxruntime's `quantize_static` files against onnxruntime",
             "the output's grid, some steps apart", "quantized_against_onnxruntime.py", [command],
             "peers"),
            ("hostile ONNX files: exit, sentence, memory, time", "no finding", "hostile_models.py",
             [command], "peers")):
        output = peer(script, *arguments, python=python)
        yield what, goal, output.splitlines()[-1] if output else "not run: its packages are missing"


def published_files(data, work):
    tests = work / "cifar10/test.txt"
    accuracy = evaluate(data / "models/resnet8_cifar10.onnx", tests, *CIFAR)
    yield ("`resnet8_cifar10.onnx` on the 10,000 CIFAR-10 test images, 2 threads", "75.48 %, ≤ 15 s",
           f"{accuracy['top1']:.2f} %, {accuracy['seconds']:.1f} s")
    accuracy = evaluate(data / "models/resnet8_cifar10_int8.tflite", tests)
    yield ("`resnet8_cifar10_int8.tflite` in fake-quant on the same", "75.42 % ± 0.05",
           f"{accuracy['top1']:.2f} %, {accuracy['seconds']:.1f} s")
    model, run = data / "models/vww_mobilenetv1_025_96.onnx", work / "vww"
    photos = data / "imagenet-sample/calibration.txt"
    quern("quantize", model, "--data", photos, "--limit", 50, "--crop", 96, *THREADS, "-o", run)
    info, _ = quern("info", run / "models/quantized.onnx", "--target", "finn")
    yield ("`vww_mobilenetv1_025_96.onnx`: quantize W8A8, export, `info --target finn`", "works",
           info.strip())
    for name, source in (("mobilenet_v2", "mobilenet_v2_1.0_224"), ("resnet8", "resnet8_cifar10")):
        filled = work / f"{name}.onnx"
        quern("import-weights", data / f"models/{source}.onnx", "--into", f"zoo:{name}", "-o", filled)
        photos = tests if name == "resnet8" else data / "imagenet-sample/val.txt"
        top1 = evaluate(filled, photos, *(CIFAR if name == "resnet8" else []))["top1"]
        yield (f"`import-weights {source}.onnx --into zoo:{name}`", "the source's accuracy",
               f"{top1:.2f} %")
