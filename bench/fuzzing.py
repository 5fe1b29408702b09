"""The readers of foreign files under libFuzzer. SECONDS of each: $FUZZ_SECONDS, else 600. Where $FUZZERS
names some, as `make fuzz` built them, these alone run, and the rows of the others stay in the page."""

import os
import re
import subprocess

from command import PAGE, ROOT

TITLE = "Fuzzing"
IS_OF_MACHINE = False  # What was found, not how fast.
SECONDS = int(os.environ.get("FUZZ_SECONDS", 600))
CHOSEN = os.environ.get("FUZZERS", "").split()


def rows(data, work):
    if not CHOSEN:
        subprocess.run(["make", "fuzz", "FUZZ_SECONDS=1"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    all_rows = rows_of_page() if CHOSEN else {}
    for name in CHOSEN or [fuzzer.name for fuzzer in (ROOT / "build-fuzz/fuzz").iterdir()]:
        all_rows[f"`{name}`"] = (f"{SECONDS} s, no finding", runs_of(name, work))
    for what, (goal, found) in sorted(all_rows.items()):
        yield what, goal, found


def rows_of_page():
    """{fuzzer: (goal, measured)}"""
    section = PAGE.read_text(encoding="utf-8").split(f"## {TITLE}\n")[-1]
    return {what: (goal, found) for what, goal, found in
            re.findall(r"^\| (`\w+`) \| (.*) \| (.*) \|$", section, re.MULTILINE)}


def runs_of(name, work):
    done = subprocess.run([ROOT / "build-fuzz/fuzz" / name, f"-max_total_time={SECONDS}",
                           ROOT / "build-fuzz/corpus" / name], text=True, cwd=work,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    count = re.search(r"Done (\d+) runs in (\d+) second", done.stderr)
    return (f"{int(count.group(1)):,} runs in {count.group(2)} s, no finding" if count else
            f"a finding: {done.stderr.splitlines()[-1]}")
