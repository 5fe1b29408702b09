"""The command under measurement, and the programs that it is compared with."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/results.md"
QUERN = ROOT / "build/quern"
THREADS = ["--threads", "2"]
CIFAR = "--resize none --crop 32 --scale 1 --mean 0,0,0 --std 1,1,1".split()


def quern(*arguments, code=0):
    """What the command prints; seconds and peak MiB of the process."""
    start = time.time()
    process = subprocess.Popen([QUERN, *map(str, arguments)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    output, errors = process.communicate()
    if process.returncode != code:
        sys.exit(f"quern {' '.join(map(str, arguments))}: exit {process.returncode}\n{errors}")
    return output, time.time() - start


def peak_of(*arguments):
    """Seconds and peak MiB of a run, measured in a process of its own."""
    program = ("import resource, subprocess, sys, time; start = time.time();"
               "subprocess.run(sys.argv[1:], check=True, stdout=2, stderr=subprocess.DEVNULL);"
               "print(time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", program, QUERN, *map(str, arguments)], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    seconds, kib = done.stdout.split()
    return float(seconds), int(kib) // 1024


def evaluate(model, data, *flags):
    return json.loads(quern("evaluate", model, "--data", data, "--json", *THREADS, *flags)[0])


def peer(script, *arguments, python="peers"):
    """What a comparison of tests/peers prints, whether or not its bounds hold; nothing where the
    packages of that group are not installed."""
    interpreter = ROOT / ".deps" / python / "bin/python"
    if not interpreter.exists():
        return ""
    return subprocess.run([interpreter, script, *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, check=False, cwd=ROOT / "tests/peers").stdout


def unit_tests(program, pattern):
    """"12 of 12 pass", of a test program's tests."""
    output = subprocess.run([ROOT / "build/tests" / program, f"--gtest_filter={pattern}"], text=True,
                            stdout=subprocess.PIPE, check=False).stdout
    total = int(re.search(r"Running (\d+) test", output).group(1))
    passed = int(re.search(r"PASSED  \] (\d+) test", output).group(1))
    return f"{passed} of {total} pass"


def machine():
    model = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                 if line.startswith("model name"))
    return f"{model}, {os.cpu_count()} cores"
