"""Networks of integers as C: the same integers on this machine and on a Cortex-M4, and what they need
there."""

import json
import re
import subprocess

import integers
from command import CIFAR, ROOT, THREADS, quern

TITLE = "Generated C"

# TFLM with CMSIS-NN on its person-detect network, of one input channel instead of three, measured in
# the same way.
TFLM = {"flash": 374_804, "code": 74_204, "arena": 82_308, "instructions": 3.29}


def rows(data, work):
    photos = data / "imagenet-sample/val.txt"
    cifar = next(work.rglob("test*.txt"))
    mini = data / "interop/mini_mobilenetv2_w4a4_brevitas.onnx"
    yield same("MobileNetV2 mini W4A4, as Brevitas exports it", mini, photos, work / "net.quern")
    for name, model, flags, pictures, rules in (
            ("ResNet-8 W8A8", "resnet8_cifar10", CIFAR, cifar, ""),
            ("visual wake words W8A8", "vww_mobilenetv1_025_96", [], photos, ""),
            ("visual wake words W4A4", "vww_mobilenetv1_025_96", [], photos, integers.FOUR),
            ("MobileNetV2 W8A8", "mobilenet_v2_1.0_224", [], photos, ""),
            ("MobileNetV2 W4A8", "mobilenet_v2_1.0_224", [], photos, integers.NARROW)):
        quantized = integers.quantize(data, work, model, flags, pictures, rules)
        yield same(name, quantized, pictures, work / "net.quern")
        if model.startswith("vww"):
            yield from needs(name, data / f"models/{model}.onnx", work / "net.quern", work / "c")


def same(name, quantized, pictures, file):
    """A row on every element of every layer."""
    integers.lower(quantized, "icn", file)
    return (f"{name}: exact and engine, engine and C on this machine, 100 photos; engine and C on a "
            "Cortex-M4, 3 photos", "0 differ; 0 differ; 0 differ",
            f"{differing(file, pictures, 100, 'host')}; {differing(file, pictures, 3, 'm4', (-1,))}")


def differing(file, pictures, limit, machine, pairs=(1, -1)):
    output, _ = quern("verify", file, "--data", pictures, "--limit", limit, "--c", machine, "--json",
                      *THREADS)
    found = json.loads(output)["pairs"]
    return "; ".join(f"{found[i]['differing']} of {found[i]['elements']}" for i in pairs)


def needs(name, model, file, folder):
    """Rows on flash, RAM and instructions, of the self-test without its golden input."""
    quern("export", file, "--to", "c", "-o", folder)
    subprocess.run(["make", "-s", "m4"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    program = folder / "build/m4/self_test"
    size = sections(program)
    golden = sum(int(line.split()[1], 16) for line in lines("nm", "-S", program) if "model_golden_" in line)
    numbers = size[".rodata"] - golden
    yield (f"{name}: flash without golden data, of which code", f"code ≤ 20 kB; TFLM {TFLM['flash']:,} B, {TFLM['code']:,} B",
           f"{size['.text'] + numbers:,} B, of which {size['.text']:,} B")
    yield (f"{name}: RAM as linked, arena and stack", f"≤ 65 kB; TFLM's arena alone {TFLM['arena']:,} B",
           f"{size['.bss'] + size['.stack']:,} B")
    count, macs = instructions(program, folder), macs_of(model)
    yield (f"{name}: instructions a MAC on a Cortex-M4", f"reported; TFLM with CMSIS-NN {TFLM['instructions']}",
           f"{count / macs:.2f}: {count:,} for {macs:,} MACs")


def lines(tool, *arguments):
    return subprocess.run([f"arm-none-eabi-{tool}", *arguments], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def sections(program):
    """Bytes by section."""
    rows_of = (line.split() for line in lines("size", "-A", program))
    return {row[0]: int(row[1]) for row in rows_of if row and row[0].startswith(".")}


def instructions(program, folder):
    """Those from the first of model_run to its return, counted by QEMU."""
    plugin = folder / "instruction_count.so"
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-o", plugin, ROOT / "bench/instruction_count.c"],
                   check=True)
    code = lines("objdump", "-d", program)
    start = next(line.split()[0] for line in code if line.endswith("<model_run>:"))
    call = next(i for i, line in enumerate(code) if re.search(r"\bbl\t.*<model_run>", line))
    end = code[call + 1].split(":")[0].strip()
    done = subprocess.run(
        ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-serial", "none", "-monitor",
         "none", "-semihosting-config", "enable=on,target=native", "-plugin",
         f"{plugin},from=0x{start},to=0x{end}", "-kernel", program],
        check=True, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(done.stderr.split()[-1])


def macs_of(model):
    text = quern("info", model)[0]
    return int(re.search(r"^MACs\s+([\d,]+)", text, re.MULTILINE).group(1).replace(",", ""))
