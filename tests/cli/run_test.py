#!/usr/bin/env python3
"""Runs a .test script against the command, as a user would type it.

A script is a list of commands, each with what it prints and how it ends:

    $ quern info missing.onnx
    quern: error: cannot read missing.onnx: No such file or directory
    [exit 7]

Output is stdout and stderr together; `...` within a line is any text, alone on a line any lines.
Without [exit N] the command must succeed. Everything runs in one fresh folder, in bash. A line that
starts with # after an empty one is a comment.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def parse(text):
    """[(line number, command, expected lines, exit code)]"""
    steps = []
    previous = ""
    for number, line in enumerate(text.splitlines(), start=1):
        is_comment = line.startswith("#") and not previous
        previous = line
        if is_comment:
            continue
        if line.startswith("$ "):
            steps.append([number, line[2:], [], 0])
        elif match := re.fullmatch(r"\[exit (\d+)\]", line):
            steps[-1][3] = int(match[1])
        elif steps:
            steps[-1][2].append(line)
    for step in steps:
        while step[2] and not step[2][-1]:
            step[2].pop()
    return steps


def pattern(lines):
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:.*\n)*")
        else:
            parts.append(".*".join(map(re.escape, line.split("..."))) + r"\n")
    return "".join(parts)


def main():
    script = Path(sys.argv[1])
    programs = [str(Path(program).resolve().parent) for program in sys.argv[2:]]
    environment = dict(os.environ, PATH=":".join([*programs, os.environ["PATH"]]), LC_ALL="C.UTF-8")
    with tempfile.TemporaryDirectory() as folder:
        for number, line, expected, code in parse(script.read_text(encoding="utf-8")):
            done = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            output = done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"
            if done.returncode != code or not re.fullmatch(pattern(expected), output):
                print(f"{script}:{number}: {line}\nexit {done.returncode}, expected {code}\n"
                      f"--- printed\n{output}--- expected\n" + "\n".join(expected))
                return 1
    return 0


sys.exit(main())
