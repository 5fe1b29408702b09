#!/usr/bin/env python3
"""Checks that libquern_engine.so, stripped as a package has it, stays within 1 MB.

    library_size.py STRIP LIBRARY
"""

import subprocess
import sys
import tempfile
from pathlib import Path

MOST_BYTES = 1_000_000


def main():
    strip, library = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "stripped.so"
        subprocess.run([strip, "-o", stripped, library], check=True)
        size = stripped.stat().st_size
    print(f"{library}: {size:,} bytes stripped, at most {MOST_BYTES:,}")
    sys.exit(size > MOST_BYTES)


main()
