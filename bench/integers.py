"""Networks of integers: their accuracy, and how near they are to the quantized networks that they were
made of."""

import json

from command import CIFAR, THREADS, evaluate, quern

TITLE = "Networks of integers"

NARROW = ('[[quantize.rule]]\nop = "Conv"\ndepthwise = false\nweight_bits = 4\n'
          '[[quantize.rule]]\nlayer = "features.0.0"\nweight_bits = 8\n')
FOUR = "weight_bits = 4\nactivation_bits = 4\n"
MOST = "≤ 0.1 % one code apart; 0 differ"


def rows(data, work):
    yield from imagenet(data, work)
    photos = data / "imagenet-sample"
    cifar = next(work.rglob("test*.txt"))
    for name, model, flags, pictures, rules in (
            ("MobileNetV2 W4A8", "mobilenet_v2_1.0_224", [], photos / "val.txt", NARROW),
            ("ResNet-8 W8A8", "resnet8_cifar10", CIFAR, cifar, ""),
            ("ResNet-8 W4A4", "resnet8_cifar10", CIFAR, cifar, FOUR),
            ("visual wake words W8A8", "vww_mobilenetv1_025_96", [], photos / "val.txt", ""),
            ("visual wake words W4A4", "vww_mobilenetv1_025_96", [], photos / "val.txt", FOUR)):
        quantized = quantize(data, work, model, flags, pictures, rules)
        for fold in ("icn", "thresholds"):
            lower(quantized, fold, work / "net.quern")
            yield (f"{name}, {fold}: fake-quant and exact; exact and engine", MOST,
                   verified(work / "net.quern", pictures, 20))


def imagenet(data, work):
    """Rows on the real MobileNetV2 at 8 bits."""
    photos = data / "imagenet-sample/val.txt"
    model = data / "models/mobilenet_v2_1.0_224.onnx"
    quantized = quantize(data, work, "mobilenet_v2_1.0_224", [], photos, "")
    for fold in ("weights", "icn", "thresholds"):
        file = work / f"{fold}.quern"
        lower(quantized, fold, file)
        found = evaluate(file, photos, "--reference", model)
        yield (f"MobileNetV2 W8A8, {fold}, 750 photos", "≥ 76.73 %, ≥ 17 dB",
               f"{found['top1']:.2f} %, {found['sqnr_db']:.2f} dB to float")
        yield (f"MobileNetV2 W8A8, {fold}: fake-quant and exact; exact and engine", MOST,
               verified(file, photos, 20))


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


def verified(file, photos, limit):
    output, _ = quern("verify", file, "--data", photos, "--limit", limit, "--json", *THREADS)
    return "; ".join(difference(pair) for pair in json.loads(output)["pairs"])


def difference(pair):
    """How many elements differ, and of which kinds of op."""
    share = 100 * pair["differing"] / pair["elements"]
    kinds = "".join(f", {count} of {kind}" for kind, count in pair["by_kind"].items())
    return f"{pair['differing']} of {pair['elements']} ({share:.4f} %{kinds})"
