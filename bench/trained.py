"""What training reaches: the demo; float and 4 bits on photos of fires, in pairs; ResNet-8 at few bits;
runs that are killed. Takes about forty minutes of two cores. Trainings that are done stay in build/trainings,
and those that were stopped go on."""

import json
import math
import os
import random
import re
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from command import QUERN, ROOT, THREADS, quern

TITLE = "What training reaches"
RUNS = ROOT / "build/trainings"
SEEDS = range(5)
QUANTILE = 2.776  # 97.5 % of Student's t with four degrees of freedom
FIRE_EPOCHS = 12
CIFAR_EPOCHS = 10
CIFAR_FROZEN = 8  # Epochs behind which batch norms no longer follow the batches.
KILLS = 10


def rows(data, work):
    yield demo(work)
    yield from fires(data)
    yield from cifar(data, work)
    yield killed(data, work)


def trained(name, recipe, *settings):
    """What a training came to."""
    run = RUNS / name
    if not (run / "manifest.json").exists():
        flags = [part for setting in settings for part in ("--set", setting)]
        quern("train", recipe, *flags, "--threads", 1, "--resume", "-o", run)
    return json.loads((run / "manifest.json").read_text(encoding="utf-8"))["results"]


def all_trained(jobs):
    """What several trainings came to, as many side by side as there are cores: each has one."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: trained(*job), jobs))


def demo(work):
    output, seconds = quern("demo", "-o", work / "demo", *THREADS)
    found = {bits: float(re.search(rf"^{bits} +([\d.]+)", output, re.MULTILINE)[1])
             for bits in ("float", "4 bits")}
    return ("`quern demo`, macro F1 on painted photos", "4 bits ≥ 90 %; ≤ 6 min",
            f"float {found['float']:.2f} %, 4 bits {found['4 bits']:.2f} %; {seconds / 60:.1f} min")


def fires(data):
    """Float and 4 bits from the same seeds, both from random weights and with equal epochs."""
    settings = [f"data.root={data / 'dfire-layout'}", f"train.epochs={FIRE_EPOCHS}"]
    recipes = ("fire_smoke_float", "fire_smoke_w4a4")
    results = all_trained([(f"{recipe}_{seed}", recipe, *settings, f"seed={seed}")
                           for seed in SEEDS for recipe in recipes])
    runs = {recipe: results[i::len(recipes)] for i, recipe in enumerate(recipes)}
    for recipe, results in runs.items():
        scores = [100 * result["best"]["macro_f1"] for result in results]
        yield (f"`{recipe}`, 688 photos of `dfire-layout`, {FIRE_EPOCHS} epochs: macro F1 on 291 photos, "
               f"{len(SEEDS)} seeds", "reported",
               f"{statistics.mean(scores):.2f} % ({', '.join(f'{score:.2f}' for score in scores)}); "
               f"floor {100 * results[0]['best']['floor_macro_f1']:.2f} %")
        for output in ("smoke", "fire"):
            mean = {key: 100 * statistics.mean(result["best"][output][key] for result in results)
                    for key in ("precision", "recall", "f1")}
            yield (f"its {output}: precision, recall, F1", "reported",
                   f"{mean['precision']:.2f} %, {mean['recall']:.2f} %, {mean['f1']:.2f} %")
    gaps = [100 * (quantized["best"]["macro_f1"] - in_float["best"]["macro_f1"])
            for in_float, quantized in zip(runs["fire_smoke_float"], runs["fire_smoke_w4a4"])]
    width = QUANTILE * statistics.stdev(gaps) / math.sqrt(len(gaps))
    yield ("4 bits less float, macro F1, both from random weights: mean of the pairs, 95 % interval",
           "≥ −3 points", f"{statistics.mean(gaps):+.2f} ± {width:.2f} points")
    found, _ = quern("info", RUNS / "fire_smoke_w4a4_0/models/best.onnx", "--target", "finn")
    yield "`info --target finn` on the 4-bit network", "no finding", found.strip().splitlines()[-1]


def cifar(data, work):
    """MLPerf Tiny's ResNet-8: a float file trained on, then quantized and trained as long again."""
    settings = [f"data.root={next(work.rglob('test.txt')).parent}", f"train.epochs={CIFAR_EPOCHS}",
                f"train.batchnorm_epochs={CIFAR_FROZEN}"]
    in_float = trained("resnet8_float", "cifar10_resnet8", *settings, "quantize.scheme=none",
                       f"model.source={data / 'models/resnet8_cifar10.onnx'}")
    top1 = in_float["best"]["top1"]
    yield (f"ResNet-8 on CIFAR-10 in float, trained on for {CIFAR_EPOCHS} epochs of `cifar10_resnet8`",
           "reported; the file has 75.48 %", f"{top1:.2f} %")
    widths = {4: "within 1 point of that", 2: "reported"}
    results = all_trained([(f"resnet8_w{bits}a{bits}", "cifar10_resnet8", *settings,
                            f"model.source={RUNS / 'resnet8_float/models/best.onnx'}",
                            f"quantize.weight_bits={bits}", f"quantize.activation_bits={bits}")
                           for bits in widths])
    for (bits, goal), result in zip(widths.items(), results):
        found = result["best"]["top1"]
        yield (f"the same at {bits} bits, {CIFAR_EPOCHS} epochs more", goal,
               f"{found:.2f} %, {found - top1:+.2f} points")


def killed(data, work):
    """A run that is killed at random moments, against one that is not."""
    def command(run):
        settings = [f"data.root={data / 'dfire-layout'}", "data.preprocess.resize=64",
                    "data.preprocess.crop=64", "model.input=64", "train.epochs=3",
                    "train.checkpoint_seconds=1"]
        flags = [part for setting in settings for part in ("--set", setting)]
        return [QUERN, "train", "fire_smoke_w4a4", *flags, *THREADS, "--resume", "-o", run]

    def finish(run):
        subprocess.run(command(run), check=True, capture_output=True)
        return (run / "models/last.onnx").read_bytes()

    finish(work / "warm")  # The pictures are decoded.
    start = time.time()
    expected = finish(work / "whole")
    seconds = time.time() - start
    moments = random.Random(0)
    same, kills = 0, 0
    for number in range(KILLS):
        run = work / f"killed_{number}"
        process = subprocess.Popen(command(run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        same += finish(run) == expected
    return (f"4-bit training killed at {KILLS} random moments and resumed, 2 threads", "the same bytes",
            f"{same} of {KILLS} end with the bytes of the run that was not ({kills} were killed in time)")
