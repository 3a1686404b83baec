#!/usr/bin/env python3
"""Makes the page and the picture of it that the documentation shows.

Trains the variational main on real MNIST, from the folder AUTOENCODERS_DATA,
or takes a run that is there already; copies its page to docs/variational.html,
and writes docs/pictures/report.png, which shows it once a digit is drawn.

    ./benchmarks/screenshots.py [RUN]
"""
import contextlib
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/variational.html"
PICTURE = ROOT / "docs/pictures/report.png"
LARGEST = {PAGE: 3e6, PICTURE: 0.3e6}  # bytes
NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox, which root cannot have, and no network at the start.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync")


def find():
    """Returns the path of a browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def chromium():
    """Gives a browser, driven by Playwright."""
    from playwright.sync_api import sync_playwright
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find(), args=[*FLAGS])
        yield browser
        browser.close()


def train(folder):
    """Trains the variational main on MNIST, as it is without flags."""
    subprocess.run(
        [sys.executable, ROOT / "mains/3-main.py", "--dataset", "mnist",
         "--output", folder, "--no-show"], check=True,
        env={**os.environ, "KERAS_BACKEND": "jax", "MPLBACKEND": "Agg"})


def draw(page):
    """Draws a 3 on a page as a hand would, in two bows."""
    page.locator("#clear").click()
    page.locator("#drawing").scroll_into_view_if_needed()
    box = page.locator("#drawing").bounding_box()
    points = [
        (box["x"] + box["width"] * (0.48 + radius * math.cos(turn)),
         box["y"] + box["height"] * (middle + radius * math.sin(turn)))
        for start, middle, radius in ((-150, 0.34, 0.15), (-90, 0.64, 0.16))
        for turn in map(math.radians, range(start, start + 241, 10))]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points:
        page.mouse.move(*point)
    page.mouse.up()


def photograph(browser, address, path):
    """Writes a picture of the live part of a page."""
    page = browser.new_page(viewport={"width": 960, "height": 900})
    page.goto(address)
    draw(page)
    page.locator("#position").fill("0.3")
    page.wait_for_timeout(200)
    page.locator("#live").screenshot(path=path)


def main():
    """Trains, copies, draws, photographs."""
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 1:
            folder = Path(sys.argv[1])
        else:
            train(folder := Path(folder, "run"))
        PAGE.parent.mkdir(exist_ok=True)
        shutil.copy(folder / "report.html", PAGE)
    with chromium() as browser:
        photograph(browser, PAGE.as_uri(), PICTURE)
    for path, most in LARGEST.items():
        size = path.stat().st_size
        print(f"{path.relative_to(ROOT)}: {size / 1e6:.2f} MB")
        if size > most:
            sys.exit(f"Expected at most {most / 1e6} MB.")


if __name__ == "__main__":
    main()
