"""What the tests of both reports do with a page in Chromium."""

import json
import subprocess
import sys
from pathlib import Path

VIEWS = [("wide", 1280, 900, "light"), ("dark", 1280, 900, "dark"), ("phone", 390, 844, "light")]
HOSTILE = "</script><img src=x onerror=\"window.ran=1\"><b>'{{style}}"

# Pixels with ink, for every canvas.
INK = """[...document.querySelectorAll('canvas')].map(canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Uint32Array(pixels.buffer).filter(pixel => pixel !== 0).length;
})"""


def expect(condition, what):
    if not condition:
        raise SystemExit(f"{Path(sys.argv[0]).stem}: {what}")


def page_of(run):
    return run / "report/index.html"


def report_of(run):
    return json.loads((run / "report/report.json").read_text(encoding="utf-8"))


def check_quiet(run, chromium, may_hold=()):
    """Nothing is fetched but the page, and addresses that begin so; nothing is complained of."""
    page = page_of(run)
    fetched = [address for address in chromium.requests() if not address.startswith(tuple(may_hold))]
    expect(fetched == [page.resolve().as_uri()], f"{page} asks for {fetched}")
    expect(not chromium.complaints(), f"{page} complains: {chromium.complaints()}")


def views(run, chromium, pictures):
    """Opens the page in every view; afterwards a picture of it goes to the folder `pictures`, if any."""
    for name, width, height, theme in VIEWS:
        chromium.open(page_of(run), width, height, theme)
        yield
        if pictures:
            tall = chromium.value("document.documentElement.scrollHeight")
            chromium.screenshot(pictures / f"{name}.png", width, tall)


def open_again(quern, run, report, chromium):
    """Opens the page that quern makes of a changed report, whose network is HOSTILE."""
    (run / "report/report.json").write_text(json.dumps(report), encoding="utf-8")
    subprocess.run([quern, "report", run], check=True, capture_output=True)
    chromium.open(page_of(run))
    expect(chromium.value("document.querySelector('h1').textContent") == HOSTILE, "the title is changed")
