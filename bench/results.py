#!/usr/bin/env python3
"""Measures what quern promises on real networks and photos, and writes docs/results.md.

    bench/results.py [SECTION…]        SECTION: quantization, recovery, any_network, training,
                                       trained, integers, microcontroller, fuzzing; default: all
                                       but trained and fuzzing. The others stay in the page
                                       as they are.

Networks and photos lie in $QUERN_DATA, else ../shared/data. Needs `make build`, and the Python
packages of `scripts/install_deps.sh peers` for the comparisons. Figures of time and memory are those
of the machine that it runs on.
"""

import os
import re
import sys
import tarfile
import tempfile
from pathlib import Path

import any_network
import fuzzing
import integers
import microcontroller
import quantization
import recovery
import trained
import training
from command import PAGE, ROOT, machine

SECTIONS = {"quantization": quantization, "recovery": recovery, "any_network": any_network,
            "training": training, "trained": trained, "integers": integers,
            "microcontroller": microcontroller, "fuzzing": fuzzing}
LONG = ("trained", "fuzzing")  # Half an hour and more.
INTRODUCTION = """# Results

Written by `bench/results.py`. Photos and networks are not part of the project: 1000 ImageNet photos (250 to
calibrate, 750 to measure), a MobileNetV2-1.0 with 77.73 % on the 750, MLPerf Tiny's ResNet-8 and visual wake
words, CIFAR-10, and 979 photos of fires in D-Fire's layout.
"""


def sections_of_page():
    """The page's sections by title."""
    if not PAGE.exists():
        return {}
    parts = re.split(r"^## (.*)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def measured(section, data, work):
    table = "\n".join(f"| {what} | {goal} | {found} |" for what, goal, found in section.rows(data, work))
    where = f"\nOn {machine()}.\n" if getattr(section, "IS_OF_MACHINE", True) else ""
    return f"{where}\n| what | goal | measured |\n|---|---|---|\n{table}\n\n"


def main():
    data = Path(os.environ.get("QUERN_DATA", ROOT.parent / "shared/data")).resolve()
    if not data.is_dir():
        sys.exit(f"{data} is not there: $QUERN_DATA names the folder with models/ and imagenet-sample/")
    names = sys.argv[1:] or [name for name in SECTIONS if name not in LONG]
    texts = sections_of_page()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(data / "cifar10.tar") as archive:
            archive.extractall(folder)
        for name in names:
            texts[SECTIONS[name].TITLE] = measured(SECTIONS[name], data, Path(folder))
    titles = [section.TITLE for section in SECTIONS.values() if section.TITLE in texts]
    text = INTRODUCTION + "".join(f"\n## {title}\n{texts[title].rstrip()}\n" for title in titles)
    PAGE.write_text(text, encoding="utf-8")
    print(text)


main()
