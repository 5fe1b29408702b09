"""Labelled photos of ten shapes, for comparisons that need pictures."""

import subprocess
from pathlib import Path


def synthetic_photos(quern, folder, count):
    """The list of `count` photos written to `folder` by the program that is built beside quern."""
    program = Path(quern).resolve().parent / "tests/quern_synthetic_photos"
    subprocess.run([program, folder, str(count)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return Path(folder) / "list.txt"
