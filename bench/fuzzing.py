"""The readers of foreign files under libFuzzer. SECONDS of each: $FUZZ_SECONDS, else 600."""

import os
import re
import subprocess

from command import ROOT

TITLE = "Fuzzing"
SECONDS = int(os.environ.get("FUZZ_SECONDS", 600))


def rows(data, work):
    subprocess.run(["make", "fuzz", "FUZZ_SECONDS=1"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for fuzzer in sorted((ROOT / "build-fuzz/fuzz").iterdir()):
        corpus = ROOT / "build-fuzz/corpus" / fuzzer.name
        done = subprocess.run([fuzzer, f"-max_total_time={SECONDS}", corpus], text=True, cwd=work,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        count = re.search(r"Done (\d+) runs in (\d+) second", done.stderr)
        yield (f"`{fuzzer.name}`", f"{SECONDS} s, no finding",
               f"{int(count.group(1)):,} runs in {count.group(2)} s, no finding" if count else
               f"a finding: {done.stderr.splitlines()[-1]}")
