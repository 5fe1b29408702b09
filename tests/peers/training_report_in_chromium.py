"""Opens the report of a training in Chromium: curves and thumbnails are drawn, nothing is fetched,
nothing goes to the console, and names that look like HTML stay names.

    training_report_in_chromium.py QUERN [FOLDER]

With FOLDER, pictures of the page are left there.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import browser
from report_page import HOSTILE, INK, check_quiet, expect, open_again, report_of, views

EPOCHS = 3


def trained(quern, folder):
    """The folder of a training on a few painted photos."""
    subprocess.run([quern, "demo", "-o", folder / "demo", "--photos", "24", "--test-photos", "30",
                    "--side", "48", "--epochs", str(EPOCHS)], check=True, capture_output=True,
                   env=dict(os.environ, XDG_CACHE_HOME=str(folder / "cache")))
    return folder / "demo/float"


def check_drawn(report, chromium):
    ink = chromium.value(INK)
    # Metrics, losses, learning rate.
    expect(len(ink) == 3, f"{len(ink)} charts, expected 3")
    expect(all(pixels > 500 for pixels in ink), f"charts have {ink} pixels with ink")
    expect(len(report["epochs"]) == EPOCHS, f"{len(report['epochs'])} epochs")
    widths = chromium.value("[...document.images].map(image => image.naturalWidth)")
    expect(len(widths) == len(report["mistakes"]) > 0, f"{len(widths)} thumbnails")
    expect(all(width == 48 for width in widths), f"thumbnails are {widths} pixels wide")
    rows = chromium.value("[...document.querySelectorAll('#classes tbody td:first-child')]"
                          ".map(cell => cell.textContent)")
    expect(rows == ["smoke", "fire"], f"the table has rows {rows}")
    best = next(one for one in report["epochs"] if one["epoch"] == report["best_epoch"])
    shown = chromium.value("document.querySelector('#cards .value').textContent")
    expect(shown == f"{100 * best['metrics'][0]:.2f} %", f"the first card shows {shown}")
    widths = chromium.value("[document.documentElement.scrollWidth, innerWidth]")
    expect(widths[0] <= widths[1], f"the page is {widths[0]} wide in a window of {widths[1]}")


def check_hostile(quern, run, chromium):
    """The same page with a name that would be markup, wherever a name can stand."""
    report = report_of(run)
    report["network"] = HOSTILE
    report["notes"] = [HOSTILE]
    report["settings"] = [{"name": HOSTILE, "value": HOSTILE}]
    report["metrics"] = [HOSTILE for _ in report["metrics"]]
    for one in report["classes"]:
        one["name"] = HOSTILE
    for mistake in report["mistakes"]:
        mistake.update(picture=HOSTILE, truth=HOSTILE, answer=HOSTILE, thumbnail=HOSTILE)
    open_again(quern, run, report, chromium)

    pictures = chromium.value("document.images.length")
    expect(pictures == len(report["mistakes"]), f"{pictures} images: a name became one")
    expect(chromium.value("window.ran === undefined"), "a name was run")


def main():
    if browser.CHROMIUM is None:
        return 77
    quern = sys.argv[1]
    pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
        run = trained(quern, Path(folder))
        report = report_of(run)
        for _ in views(run, chromium, pictures):
            check_quiet(run, chromium, may_hold=["data:image/jpeg"])
            check_drawn(report, chromium)
        chromium.value("document.getElementById('theme').click()")
        expect(all(pixels > 500 for pixels in chromium.value(INK)), "charts are gone in the other theme")
        check_hostile(quern, run, chromium)
    return 0


if __name__ == "__main__":
    sys.exit(main())
