#!/usr/bin/env python3
"""Checks that no source file exceeds 400 lines and no function 60.

A function may be longer where the line above it says why:
// NOLINTNEXTLINE(readability-function-size): one case per opcode
"""

import re
import subprocess
import sys
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 60
WAIVER = "NOLINTNEXTLINE(readability-function-size): "
# clang-format puts the first line of a definition and its closing brace on the same column: 0, or 2
# inside a class. A function is such a block whose first line has no word of another kind of block.
NO_FUNCTION = re.compile(r"\s*(namespace|class|struct|enum|union|extern|constexpr|const|static const"
                         r"|public|private|protected|#|//|})")


def long_functions(lines):
    for column in (0, 2):
        first = 0
        for number, line in enumerate(lines):
            if re.match(rf" {{{column}}}\S", line):
                if line.strip() != "}":
                    first = number
                elif number - first + 1 > FUNCTION_LINES and not NO_FUNCTION.match(lines[first]):
                    if first == 0 or WAIVER not in lines[first - 1]:
                        yield first + 1, number - first + 1


def main():
    names = subprocess.run(["git", "ls-files", "*.h", "*.cpp", "*.c"], check=True,
                           capture_output=True, text=True).stdout.split()
    findings = []
    for name in names:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        if len(lines) > FILE_LINES:
            findings.append(f"{name}: {len(lines)} lines, at most {FILE_LINES} are allowed")
        for line, length in long_functions(lines):
            findings.append(f"{name}:{line}: a function of {length} lines, "
                            f"at most {FUNCTION_LINES} are allowed")
    print(*findings, sep="\n", end="\n" if findings else "")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
