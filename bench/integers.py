"""Networks of integers: their accuracy, and how near they are to the quantized networks that they were
made of."""

import json

import tampering
from command import CIFAR, THREADS, evaluate, quern

TITLE = "Networks of integers"

NARROW = ('[[quantize.rule]]\nop = "Conv"\ndepthwise = false\nweight_bits = 4\n'
          '[[quantize.rule]]\nlayer = "features.0.0"\nweight_bits = 8\n')
FOUR = "weight_bits = 4\nactivation_bits = 4\n"
MOST = "≤ 0.1 % one code apart; 0 differ; ≤ 0.1 %"


def rows(data, work):
    photos = data / "imagenet-sample/val.txt"
    decisions = []
    yield from imagenet(data, work, photos, decisions)
    cifar = next(work.rglob("test*.txt"))
    for name, model, flags, pictures, rules in (
            ("MobileNetV2 W4A8", "mobilenet_v2_1.0_224", [], photos, NARROW),
            ("ResNet-8 W8A8", "resnet8_cifar10", CIFAR, cifar, ""),
            ("ResNet-8 W4A4", "resnet8_cifar10", CIFAR, cifar, FOUR),
            ("visual wake words W8A8", "vww_mobilenetv1_025_96", [], photos, ""),
            ("visual wake words W4A4", "vww_mobilenetv1_025_96", [], photos, FOUR)):
        quantized = quantize(data, work, model, flags, pictures, rules)
        if name in ("ResNet-8 W8A8", "visual wake words W8A8"):
            yield from tampering.rows(name, quantized, pictures, work)
        yield from verified(name, quantized, pictures, ("icn", "thresholds"), work, decisions)
    mini = data / "interop/mini_mobilenetv2_w4a4_brevitas.onnx"
    yield from verified("MobileNetV2 mini W4A4, as Brevitas exports it", mini, photos,
                        ("icn", "thresholds"), work, decisions)
    yield ("thresholds against the float decision of fake-quant, on the same codes, all of these networks",
           "0 differ", f"{sum(pair['differing'] for pair in decisions)} of "
                       f"{sum(pair['elements'] for pair in decisions)}")


def imagenet(data, work, photos, decisions):
    """Rows on the real MobileNetV2 at 8 bits."""
    model = data / "models/mobilenet_v2_1.0_224.onnx"
    quantized = quantize(data, work, "mobilenet_v2_1.0_224", [], photos, "")
    for fold in ("weights", "icn", "thresholds"):
        file = work / f"{fold}.quern"
        lower(quantized, fold, file)
        found = evaluate(file, photos, "--reference", model)
        yield (f"MobileNetV2 W8A8, {fold}, 750 photos", "≥ 76.73 %, ≥ 17 dB",
               f"{found['top1']:.2f} %, {found['sqnr_db']:.2f} dB to float")
    yield from verified("MobileNetV2 W8A8", quantized, photos, ("weights", "icn", "thresholds"), work,
                        decisions)


def quantize(data, work, model, flags, pictures, rules):
    """The quantized network of one of the shared models."""
    recipe, run = work / "integers.toml", work / "integers"
    calibration = data / "imagenet-sample/calibration.txt" if not flags else pictures
    recipe.write_text(f'version = 1\n[model]\nsource = "{data / "models" / model}.onnx"\n[data]\n'
                      f'calibration = "{calibration}"\nlimit = 250\n{preprocessing(flags)}'
                      f"[quantize]\n{rules}")
    quern("quantize", recipe, *THREADS, "-o", run)
    return run / "models/quantized.onnx"


def preprocessing(flags):
    """The flags of bench/command.py's CIFAR as a recipe has them."""
    if not flags:
        return ""
    return ("[data.preprocess]\nresize = 0\ncrop = 32\nscale = 1.0\nmean = [0.0, 0.0, 0.0]\n"
            "std = [1.0, 1.0, 1.0]\n")


def lower(quantized, fold, file):
    quern("lower", quantized, "--fold", fold, "-o", file)


def verified(name, quantized, pictures, folds, work, decisions):
    """Rows on the forms of a network, 20 photos; the float decisions of thresholds go to `decisions`."""
    for fold in folds:
        lower(quantized, fold, work / "net.quern")
        output, _ = quern("verify", work / "net.quern", "--data", pictures, "--limit", 20, "--json", *THREADS)
        pairs = json.loads(output)["pairs"]
        if fold == "thresholds":
            decisions.append(pairs[0])
        yield (f"{name}, {fold}: {'; '.join(' and '.join(pair['forms']) for pair in pairs)}", MOST,
               "; ".join(difference(pair) for pair in pairs))


def difference(pair):
    """How many elements differ, and of which kinds of op."""
    share = 100 * pair["differing"] / pair["elements"]
    kinds = "".join(f", {count} of {kind}" for kind, count in pair["by_kind"].items())
    return f"{pair['differing']} of {pair['elements']} ({share:.4f} %{kinds})"
