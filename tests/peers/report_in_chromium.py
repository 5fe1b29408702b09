"""Opens the report of a run in Chromium: its charts are drawn, nothing is fetched, nothing goes to
the console, and names that look like HTML stay names.

    report_in_chromium.py QUERN [FOLDER]

With FOLDER, pictures of the page are left there.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import browser
from pictures import synthetic_photos
from report_page import HOSTILE, INK, check_quiet, expect, open_again, report_of, views


def quantized(quern, folder):
    """The folder of a run on generated photos."""
    network = ["zoo:mobilenet_v2_mini", "--input", "32", "--classes", "10"]
    photos = synthetic_photos(quern, folder / "photos", 12)
    subprocess.run([quern, "quantize", *network, "--data", photos, "--weight-bits", "4",
                    "--validation", photos, "-o", folder / "run"], check=True, capture_output=True)
    return folder / "run"


def check_drawn(report, chromium):
    layers = len(report["layers"])
    ink = chromium.value(INK)
    # Two histograms of the chosen layer, the depth, the steps.
    expect(len(ink) == 4, f"{len(ink)} charts, expected 4")
    expect(all(pixels > 500 for pixels in ink), f"charts have {ink} pixels with ink")
    nodes = chromium.value("document.querySelectorAll('#network .node').length")
    expect(nodes == layers, f"{nodes} nodes for {layers} layers")
    edges = chromium.value("document.querySelectorAll('#network .edge').length")
    expect(edges == sum(len(layer["inputs"]) for layer in report["layers"]), f"{edges} edges")
    expect(chromium.value("document.querySelectorAll('#network .skip').length") > 0, "no residual edge")
    rows = chromium.value("document.querySelectorAll('#layers tbody tr').length")
    expect(rows == layers, f"{rows} rows for {layers} layers")
    accuracy = chromium.value("[...document.querySelectorAll('#accuracy td')].map(cell => cell.textContent)")
    metric = report["accuracy"]["metrics"][0]
    top1 = [metric["name"]] + [f"{metric[key]:.2f} %" for key in ("reference", "quantized")]
    expect(accuracy[:3] == top1, f"the table of accuracy holds {accuracy}")
    widths = chromium.value("[document.documentElement.scrollWidth, innerWidth]")
    expect(widths[0] <= widths[1], f"the page is {widths[0]} wide in a window of {widths[1]}")


def check_worst_first(report, chromium):
    known = [layer for layer in report["layers"] if layer["effect_db"] is not None]
    worst = min(known, key=lambda layer: layer["effect_db"])["layer"]
    first = chromium.value("document.querySelector('#layers tbody .name').textContent")
    expect(first == worst, f"the first row is '{first}', expected '{worst}'")
    shown = chromium.value("document.querySelector('#details h3').textContent")
    expect(shown == worst, f"the details show '{shown}', expected '{worst}'")


def check_clicks(report, chromium):
    chromium.value("document.querySelectorAll('#network .node')[2].dispatchEvent(new Event('click'))")
    shown = chromium.value("document.querySelector('#details h3').textContent")
    expect(shown == report["layers"][2]["layer"], f"a click on layer 2 shows '{shown}'")
    chromium.value("document.querySelector('#layers th').click()")
    numbers = chromium.value("[...document.querySelectorAll('#layers tbody tr td:first-child')]"
                             ".map(cell => Number(cell.textContent))")
    expect(numbers == sorted(numbers), f"sorted by number: {numbers}")
    chromium.value("{const box = document.getElementById('search'); box.value = 'GEMM';"
                   " box.dispatchEvent(new Event('input'))}")
    ops = sum("gemm" in layer["op"].lower() for layer in report["layers"])
    rows = chromium.value("document.querySelectorAll('#layers tbody tr').length")
    expect(rows == ops, f"a search finds {rows} layers, expected {ops}")
    chromium.value("document.getElementById('theme').click()")
    expect(all(pixels > 500 for pixels in chromium.value(INK)), "charts are gone in the other theme")


def check_hostile(quern, run, chromium):
    """The same page with a name that would be markup, wherever a name can stand."""
    report = report_of(run)
    report["network"] = HOSTILE
    report["notes"] = [HOSTILE]
    report["settings"] = [{"name": HOSTILE, "value": HOSTILE}]
    report["steps"][0].update(name=HOSTILE, notes=[HOSTILE])
    for layer in report["layers"]:
        layer.update(layer=HOSTILE, op=HOSTILE, kind=HOSTILE)
    open_again(quern, run, report, chromium)

    check_quiet(run, chromium)
    expect(chromium.value("document.querySelector('#details h3').textContent") == HOSTILE,
           "the layer's name is changed")
    expect(chromium.value("document.images.length") == 0, "a name became an image")
    expect(chromium.value("window.ran === undefined"), "a name was run")


def main():
    if browser.CHROMIUM is None:
        return 77
    quern = sys.argv[1]
    pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
        run = quantized(quern, Path(folder))
        report = report_of(run)
        for _ in views(run, chromium, pictures):
            check_quiet(run, chromium)
            check_drawn(report, chromium)
            check_worst_first(report, chromium)
        check_clicks(report, chromium)
        check_hostile(quern, run, chromium)
    return 0


if __name__ == "__main__":
    sys.exit(main())
