"""Accuracy that post-training quantization wins back on MobileNetV2: at 8 bits; with 4 bits for the
weights of pointwise convolutions; with 4 bits for their activations as well."""

import json

from command import THREADS, peak_of, evaluate

TITLE = "Accuracy won back"

# Beside the algorithms: what must be reached, of accuracy and of time added.
W8A8 = [([], "reported", ""), (["correct_bias"], "21.5 dB", "4 s")]
W4A8 = [
    ([], "reported", ""),
    (["correct_bias"], "6 dB", "4 s"),
    (["gptq"], "73.5 %, 8.5 dB", "15 s"),
    (["gpfq"], "72.5 %, 7 dB", "20 s"),
    (["gptq", "correct_bias"], "73.5 %, 8.5 dB", ""),
    (["gpfq", "correct_bias"], "reported", ""),
    (["recommended"], "reported", ""),
    (["equalize_activations"], "reported", "3 s"),
    (["equalize_weights"], "reported", ""),
    (["equalize_weights", "correct_bias"], "reported", ""),
    (["adaround"], "75.5 %, 10.5 dB", "5 min"),
]
W4A4 = [([], "reported", ""), (["adaround"], "55 %", "")]
NARROW = ('[[quantize.rule]]\nop = "Conv"\ndepthwise = false\nweight_bits = 4\n'
          '[[quantize.rule]]\nlayer = "features.0.0"\nweight_bits = 8\n')
NARROWER = ('weight_bits = 4\nactivation_bits = 4\n'
            '[[quantize.rule]]\nrole = "input"\nfirst = true\nactivation_bits = 8\n'
            '[[quantize.rule]]\nfirst = true\nweight_bits = 8\n'
            '[[quantize.rule]]\nlast = true\nweight_bits = 8\nactivation_bits = 8\n'
            '[[quantize.rule]]\nop = "Conv"\ndepthwise = true\nweight_bits = 8\n')
SEARCHED = [("W8A8", "", "reported"), ("W4A8", NARROW, "75.5 %")]


def rows(data, work):
    for name, rules, settings in (("W8A8", "", W8A8), ("W4A8", NARROW, W4A8),
                                  ("W4A4", NARROWER, W4A4)):
        plain = 0.0  # Seconds without an algorithm, of the first row.
        for algorithms, goal, most in settings:
            (_, mib), results, found = quantized(data, work, rules, algorithms)
            taken = sum(results["seconds"].values())
            plain = plain or taken
            cost = f"; {taken - plain:.1f} s added, {mib} MiB" if algorithms else ""
            yield (f"{name}, {' + '.join(f'`{a}`' for a in algorithms) or 'plain'}",
                   goal + (f"; {most}, 1 GiB" if most else ""), found + cost)
    for name, rules, goal in SEARCHED:
        yield searched_row(data, work, name, rules, goal)
    yield report_row(data, work)


def quantized(data, work, rules, algorithms, *flags, more=""):
    """Seconds and peak MiB of a run, its results, and how its network answers."""
    model, photos = data / "models/mobilenet_v2_1.0_224.onnx", data / "imagenet-sample"
    recipe, run = work / "recovery.toml", work / "recovery"
    recipe.write_text(f'version = 1\n[model]\nsource = "{model}"\n[data]\nroot = "{photos}"\n'
                      f'calibration = "calibration.txt"\n[quantize]\n{rules}[ptq]\n'
                      f'algorithms = {json.dumps(algorithms)}\n{more}')
    cost = peak_of("quantize", recipe, *THREADS, *flags, "-o", run)
    results = json.loads((run / "manifest.json").read_text())["results"]
    found = evaluate(run / "models/quantized.onnx", photos / "val.txt", "--reference", model)
    return cost, results, f"{found['top1']:.2f} %, {found['sqnr_db']:.2f} dB"


def searched_row(data, work, name, rules, goal):
    (seconds, mib), results, found = quantized(data, work, rules, [], "--search")
    best = results["search"]["trials"][0]["algorithms"]
    return (f"{name}, `--search`", goal,
            f"{' + '.join(f'`{a}`' for a in best) or 'plain'}: {found}; "
            f"{seconds:.0f} s in all, {mib} MiB")


def report_row(data, work):
    (with_report, _), _, _ = quantized(data, work, "", [])
    (without, _), _, _ = quantized(data, work, "", [], more="[report]\npictures = 0\n")
    return ("W8A8, plain, with its report", "reported",
            f"{with_report:.1f} s, of which the report takes {with_report - without:.1f} s")
