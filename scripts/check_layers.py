#!/usr/bin/env python3
"""Checks the sources against the table of folders in ARCHITECTURE.md.

* A file in quern/X includes quern/Y only where Y is X or of a lower level.
* LibTorch's headers are included only in folders that the table allows it, and never in a public
  header: those in a subfolder internal/ are not public.
* quern/X/name.cpp (or .c) has its twin tests/X/name_test.cpp, except below a folder internal/. The
  variants name_w1.c … name_w8.c of a kernel share the twin of name.c.
"""

import re
import subprocess
import sys
from pathlib import Path

WITHOUT_TWIN = {
    "catalog.cpp": "a list; the tests in tests/properties run over each of its entries",
}
TABLE_ROW = re.compile(r"\|\s*`?([a-z_]+)/?`?\s*\|\s*L?(\d+)\s*\|\s*(yes|no)\b")
INCLUDE = re.compile(r'#include "quern/([a-z_]+)/')
VARIANT = re.compile(r"_w\d$")
TORCH_INCLUDE = re.compile(r"#include [<\"](ATen|c10|torch)/")


def read_folders(path):
    """{folder: (level, may it use LibTorch)}"""
    rows = map(TABLE_ROW.match, path.read_text(encoding="utf-8").splitlines())
    return {row[1]: (int(row[2]), row[3] == "yes") for row in rows if row}


def check_includes(path, folders):
    folder = path.parts[1]
    if folder not in folders:
        yield f"{path}: ARCHITECTURE.md does not list the folder {folder}"
        return
    level, with_torch = folders[folder]
    is_public = path.suffix == ".h" and "internal" not in path.parts
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if match := INCLUDE.match(line):
            other = match[1]
            if other != folder and (other not in folders or folders[other][0] >= level):
                yield f"{path}:{number}: {folder} may not include {other}, which is not below it"
        if TORCH_INCLUDE.match(line):
            if not with_torch:
                yield f"{path}:{number}: {folder} may not include LibTorch"
            elif is_public:
                yield f"{path}:{number}: a public header may not include LibTorch"


def check_twin(path):
    stem = VARIANT.sub("", path.stem) if path.suffix == ".c" else path.stem
    test = Path("tests", *path.parts[1:-1], stem + "_test.cpp")
    if "internal" not in path.parts and path.name not in WITHOUT_TWIN and not test.exists():
        yield f"{path}: {test} is missing"


def main():
    folders = read_folders(Path("ARCHITECTURE.md"))
    names = subprocess.run(["git", "ls-files", "quern/*.h", "quern/*.cpp", "quern/*.c"], check=True,
                           capture_output=True, text=True).stdout.split()
    findings = []
    for path in map(Path, names):
        findings += check_includes(path, folders)
        if path.suffix != ".h":
            findings += check_twin(path)
    print(*findings, sep="\n", end="\n" if findings else "")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
