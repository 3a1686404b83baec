"""The page of a run, opened from its file in a real Chromium."""
import argparse
import base64
import copy
import csv
import dataclasses
import io
import math
import runpy
import shlex
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import screenshots
from cases import DENSE, factory
from lab import command_line, live, report
from PIL import Image

pytestmark = pytest.mark.usefixtures("eager")

ROOT = Path(__file__).resolve().parents[1]
MODULES = [*sorted([*DENSE, "2-convolutional"])]
STEP = 1 / 255  # of a pixel's value


@pytest.fixture(scope="module")
def browser():
    """Returns Chromium, driven by Playwright."""
    pytest.importorskip("playwright.sync_api")
    if not screenshots.find():
        pytest.skip("needs Chromium, such as Debian's package chromium")
    with screenshots.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """Returns a function that runs a main, once, and gives its `Run`."""
    known = {}

    def train_once(name, *arguments):
        key = (name, *map(str, arguments))
        if key not in known:
            with pytest.MonkeyPatch.context() as patch:
                found, write = [], report.write
                patch.setattr(report, "write", lambda run: (
                    found.append(run), write(run)))
                patch.chdir(tmp_path_factory.mktemp("run"))
                patch.setattr(sys, "argv", [*key, "--no-show"])
                runpy.run_path(str(ROOT / "mains" / name),
                               run_name="__main__")
                for run in found:
                    run.folder = run.folder.resolve()
                known[key] = found
        return known[key][-1]
    return train_once


@pytest.fixture(scope="module")
def trained(train, small, tmp_path_factory):
    """Returns a function that gives a `Run` of a module, trained a little on
    glyphs. The weights of the vanilla one serve those that have as many."""
    known = {}

    def trained_once(module, *arguments):
        if module in ("0-vanilla", "2-convolutional", "3-variational"):
            return train(f"{module[0]}-main.py", "--dataset", small,
                         "--epochs", 2)
        arguments = arguments or DENSE[module]
        if (module, arguments) not in known:
            run = trained_once("0-vanilla")
            models = factory(module)(784, [128, 64], 32, *arguments)
            models[-1].set_weights(run.auto.get_weights())
            known[module, arguments] = remade(
                run, models, tmp_path_factory.mktemp(module),
                argparse.Namespace(**{**vars(run.args), "module": module,
                                      "noise": arguments[0]}))
        return known[module, arguments]
    return trained_once


def remade(run, models, folder, args=None, images=None):
    """Returns a run with other models, settings and test images, and writes
    its page."""
    test, data = copy.copy(run.test), run.data
    if images is not None:
        test.images, test.rows = images, np.arange(len(images))
        test.labels = None
        data = dataclasses.replace(data, train=images, test=images)
    run = dataclasses.replace(
        run, args=args or run.args, folder=folder, encoder=models[0],
        decoder=models[1], auto=models[2], data=data, test=test)
    report.write(run)
    return run


@pytest.fixture
def visit(browser):
    """Returns a function that opens a run's page; the page must load nothing
    but itself, and complain of nothing."""
    contexts, seen, wrong = [], [], []

    def open_page(run, **options):
        address = (run.folder / "report.html").as_uri()
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        settle(page)
        assert [url for url in seen if not url.startswith("data:")] == [
            address]
        seen.clear()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [url for url in seen if not url.startswith("data:")]
    assert not wrong


def settle(page):
    """Waits until what was asked for is painted."""
    page.evaluate("() => new Promise(done => requestAnimationFrame("
                  "() => requestAnimationFrame(done)))")


def pixels(page, name):
    """Returns what a canvas shows, as the text of a PNG."""
    settle(page)
    return page.evaluate(
        "name => document.getElementById(name).toDataURL()", name)


def computed(page, function, rows):
    """Returns what a function of the page's makes of rows of numbers."""
    return np.array(page.evaluate(
        f"rows => rows.map(row => window.autoencoder.{function}(row))",
        rows.reshape(len(rows), -1).tolist()))


def compare(page, run, images):
    """Checks what a page computes against Keras."""
    flat = images.reshape(len(images), -1)
    rebuilt, codes = run.rebuild(images), run.code(images)
    assert rebuilt.std() > 1e-3  # not the same grey everywhere
    found = computed(page, "rebuild", flat)
    assert found.shape == flat.shape
    assert np.abs(found - rebuilt.reshape(flat.shape)).max() < STEP
    found = computed(page, "decode", codes)
    assert np.abs(found - rebuilt.reshape(flat.shape)).max() < STEP
    # Half precision has eleven bits, and errors add up over a layer or two.
    found, codes = computed(page, "encode", flat), codes.reshape(len(flat), -1)
    assert np.abs(found - codes).max() < 0.01 * np.abs(codes).max()
    assert computed(page, "score", flat) == pytest.approx(
        run.score(images), rel=0.01)


@pytest.mark.parametrize("module", [
    module if module[0] in "3" else pytest.param(
        module, marks=pytest.mark.long) for module in MODULES])
def test_page_computes_what_keras_computes(module, trained, visit):
    run = trained(module)
    assert (run.folder / "report.html").stat().st_size < 4e6
    compare(visit(run), run, run.first(8))


@pytest.mark.parametrize("shape, filters, kind", [
    ((9, 14, 3), [6, 4], "ZeroPadding2D"), pytest.param(
        (5, 11, 1), [3], "Cropping2D", marks=pytest.mark.long)])
def test_page_computes_images_of_any_size(
        shape, filters, kind, trained, visit, tmp_path):
    shrink, random = 2 ** len(filters), np.random.default_rng(0)
    models = factory("2-convolutional")(
        shape, filters, [*(-(-side // shrink) for side in shape[:2]),
                         filters[-1]])
    assert kind in {type(layer).__name__ for layer in models[1].layers}
    models[2].set_weights([
        array + 0.3 * random.standard_normal(array.shape)
        for array in models[2].get_weights()])
    images = (255 * random.random((100, *shape))).astype("uint8")
    run = remade(trained("2-convolutional"), models, tmp_path, images=images)
    compare(visit(run), run, run.first(8))


def test_weights_are_halved_only_where_that_is_good_enough(
        trained, visit, tmp_path):
    run = trained("0-vanilla")
    size = (run.folder / "report.html").stat().st_size
    models = factory("0-vanilla")(784, [128, 64], 32)
    weights = run.auto.get_weights()
    weights[0], weights[1], weights[2] = (  # the same function of the input
        weights[0] * 2 ** 20, weights[1] * 2 ** 20, weights[2] / 2 ** 20)
    models[2].set_weights(weights)
    large = remade(run, models, tmp_path)
    assert (large.folder / "report.html").stat().st_size > 1.4 * size
    compare(visit(large), large, large.first(8))
    for before, after in zip(weights, models[2].get_weights()):
        np.testing.assert_array_equal(after, before)


def test_drawing_is_rebuilt_at_once(trained, visit):
    page = visit(trained("4-denoising"), has_touch=True)
    shown = ("drawing", "rebuilt", "difference", "bars")

    def changed(act):
        before = [pixels(page, name) for name in shown]
        act()
        after = [pixels(page, name) for name in shown]
        assert all(one != other for one, other in zip(before, after))

    def stroke():
        box = page.locator("#drawing").bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 120, steps=5)
        page.mouse.up()

    page.locator("#drawing").scroll_into_view_if_needed()
    # The denoising module's page starts with its noise, and repairs it.
    assert float(page.locator("#noise").input_value()) == 0.5
    changed(lambda: page.locator("#noise").fill("0"))
    changed(lambda: page.locator("#clear").click())
    empty = pixels(page, "drawing")
    changed(stroke)
    changed(lambda: page.locator("#drawing").tap())
    page.locator("#drawing").focus()
    page.keyboard.press("Space")
    changed(lambda: [page.keyboard.press("ArrowDown") for _ in range(9)])
    page.keyboard.press("Space")
    drawn = pixels(page, "drawing")
    page.keyboard.press("ArrowLeft")
    assert pixels(page, "drawing") == drawn  # the pen is lifted
    page.locator("#erase").click()
    changed(stroke)
    changed(lambda: page.locator("#clear").click())
    assert pixels(page, "drawing") == empty
    changed(lambda: page.locator("#random").click())


def test_noise_blanks_where_the_module_masks(trained, visit):
    page = visit(trained("4-denoising", 0.5, True))
    ink = []
    for noise in ("0", "0.5", "1"):
        page.locator("#noise").fill(noise)
        picture = base64.b64decode(pixels(page, "drawing").partition(",")[2])
        ink.append(np.array(Image.open(io.BytesIO(picture)).convert(
            "L"), float).sum())
    assert ink[1] == pytest.approx(ink[0] / 2, rel=0.4)
    assert ink[2] == 0


def test_verdict_is_score_and_threshold(trained, visit):
    run = trained("0-vanilla")
    page = visit(run)
    score = run.score(run.first(1))[0]
    quantiles = run.metrics["score_quantiles"]
    page.locator("#noise").fill("0")
    settle(page)
    verdict = page.locator("#verdict").inner_text()
    assert f"{score:.3g}" in verdict
    for choice, threshold in quantiles.items():
        if float(choice) < 0.9:
            continue
        page.locator("#threshold").select_option(choice)
        settle(page)
        verdict = page.locator("#verdict").inner_text().rstrip(".")
        assert float(verdict.split()[-1]) == pytest.approx(threshold, rel=0.01)
        assert page.locator("#judgement.alarm").count() == (score > threshold)
    page.locator("#noise").fill("1")
    settle(page)
    assert page.locator("#judgement.alarm").count() == 1


def test_walking_decodes_at_once(trained, visit):
    for module in ("3-variational", "2-convolutional"):  # 2 numbers, and 128
        page = visit(trained(module))
        box = page.locator("#plane").bounding_box()
        page.mouse.wheel(0, box["y"] - 50)
        settle(page)
        box = page.locator("#plane").bounding_box()
        seen = [pixels(page, "decoded")]
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        seen.append(pixels(page, "decoded"))
        page.mouse.move(box["x"] + 300, box["y"] + 350)
        seen.append(pixels(page, "decoded"))
        page.mouse.up()
        page.mouse.move(box["x"] + 30, box["y"] + 300)
        assert pixels(page, "decoded") == seen[-1]  # nothing is held down
        page.locator("#plane").focus()
        for _ in range(20):
            page.keyboard.press("ArrowUp")
        seen.append(pixels(page, "decoded"))
        slider = page.locator("#codes input").first
        slider.focus()
        page.keyboard.press("Home")
        seen.append(pixels(page, "decoded"))
        page.keyboard.press("End")
        seen.append(pixels(page, "decoded"))
        for share in ("0", "1"):
            page.locator("#way").fill(share)
            seen.append(pixels(page, "decoded"))
        assert len(set(seen)) == len(seen)


def test_page_copes_with_very_many_numbers(trained, visit):
    """Of a convolutional code of a large image, or of test images."""
    page = visit(trained("0-vanilla"))
    assert page.evaluate("""() => {
        const values = new Float32Array(300000).fill(2);
        values[7] = -1;
        paintBars(document.createElement("canvas"), values,
                  {low: values, high: values});
        return [lowest(values, 0), highest(values)];
    }""") == [-1, 2]


def test_plane_is_the_codes_or_their_principal_components():
    random = np.random.default_rng(0)
    codes = (random.standard_normal((50, 6)) * [5, 4, 1, 1, 1, 1])
    unpacked = {name: np.frombuffer(
        base64.b64decode(part["content"]), part["kind"]).astype(float)
        for name, part in live.plane(codes).items() if name != "names"}
    from sklearn.decomposition import PCA
    expected = PCA(2).fit(codes)
    axes = unpacked["axes"].reshape(2, 6)
    assert abs(axes @ expected.components_.T) == pytest.approx(
        np.eye(2), abs=1e-5)
    points = unpacked["points"].reshape(50, 2)
    assert abs(points) == pytest.approx(
        abs(expected.transform(codes)), abs=0.01)
    back = unpacked["mean"] + points @ axes
    assert back == pytest.approx(expected.inverse_transform(
        expected.transform(codes)), abs=0.01)
    two = live.plane(codes[:, :2])["points"]["content"]
    assert np.frombuffer(base64.b64decode(two), "float16").reshape(
        50, 2) == pytest.approx(codes[:, :2], rel=1e-3)
    for size in (1, 2, 9):  # of one input, and of codes that are all the same
        for count in (1, 4):
            plane = live.plane(np.ones((count, size)))
            assert "nan" not in str(plane) and len(plane["names"]) == 2


HOSTILE = ("</script><script>window.hacked = 1</script>",
           "<img src=x onerror='window.hacked = 2'>",
           "a\u2028'\"&amp;{{ data }}")


def test_hostile_names_stay_text(train, visit, tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "<b onclick=window.hacked=3>&lt;\u2028'.csv"
    table = 100 * random.random((100, 3)) - 20
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*HOSTILE, "<i>"], *(
            [*row, HOSTILE[place // 10 % 3]]
            for place, row in enumerate(table))])
    run = train("0-main.py", "--dataset", path, "--epochs", 1, "--hidden",
                "--label", "<i>")
    run.metrics[HOSTILE[0]] = {HOSTILE[1]: 0.5}
    report.write(run)
    page = visit(run)
    assert page.evaluate("window.hacked") is None
    assert page.locator("script").count() == 2
    assert page.locator("body b:not(dd b, .gauge b, #verdict b)").count() == 0
    assert page.locator("img").count() == 1  # the reconstructions
    assert page.title() == f"Vanilla autoencoder on {path.name}"
    for place, name in enumerate(HOSTILE):
        label = page.locator("#columns label").nth(place)
        assert label.text_content() == name
        assert name in page.locator("#legend").text_content()
    assert page.locator("caption").first.text_content() == HOSTILE[0]
    # Sliders are in the user's units, and are rebuilt at once.
    before = pixels(page, "difference")
    page.locator("#columns input").first.focus()
    page.keyboard.press("End")
    assert pixels(page, "difference") != before
    shown = page.locator("#columns .slide").first.locator("output").first
    assert float(shown.text_content()) == pytest.approx(
        run.data.train[:, 0].max(), rel=0.01)


def test_page_may_load_and_run_nothing(trained, browser):
    run = trained("0-vanilla")
    page = browser.new_page()
    page.goto((run.folder / "report.html").as_uri())
    refused = page.evaluate("""async () => {
        const refused = [];
        document.addEventListener("securitypolicyviolation",
            event => refused.push(event.effectiveDirective));
        await fetch("http://127.0.0.1:9/").catch(() => {});
        new Image().src = "http://127.0.0.1:9/";
        const script = document.createElement("script");
        script.textContent = "window.hacked = 4";
        const link = document.createElement("link");
        Object.assign(link, {rel: "stylesheet", href: "http://127.0.0.1:9/"});
        const frame = document.createElement("iframe");
        frame.src = "http://127.0.0.1:9/";
        document.body.append(script, link, frame);
        document.body.insertAdjacentHTML(
            "beforeend", "<button onclick='window.hacked = 5'></button>");
        document.body.lastElementChild.click();
        await new Promise(done => setTimeout(done, 100));
        return refused;
    }""")
    assert set(refused) == {
        "connect-src", "img-src", "script-src-elem", "style-src-elem",
        "frame-src", "script-src-attr"}
    assert page.evaluate("window.hacked") is None
    page.close()


@pytest.mark.parametrize("module", [
    module if module[0] in "24" else pytest.param(
        module, marks=pytest.mark.long) for module in MODULES])
def test_page_fits_and_speaks(module, trained, visit):
    colours = set()
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = visit(trained(module), color_scheme=scheme,
                     viewport={"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        colours.add(page.evaluate(
            "getComputedStyle(document.body).backgroundColor"))
        # Nothing moves while the page appears.
        assert page.evaluate("""() => new Promise(done => {
            const watch = new PerformanceObserver(() => {});
            watch.observe({type: "layout-shift", buffered: true});
            setTimeout(() => done(watch.takeRecords().reduce(
                (total, entry) => total + entry.value, 0)));
        })""") < 0.01
        assert page.evaluate("""() => [...document.querySelectorAll(
            "input, button, select, canvas, img, svg")].filter(element =>
            !(element.labels?.length && element.labels[0].textContent.trim()
              || element.ariaLabel || element.ariaHidden || element.alt
              || element.tagName === "BUTTON" && element.textContent.trim()
            )).map(element => element.outerHTML)""") == []
    assert len(colours) == 2


@pytest.mark.parametrize("what", ["LARGEST", "ACTIVATIONS"])
def test_page_without_live_model_says_why(
        what, trained, visit, monkeypatch, tmp_path):
    monkeypatch.setattr(
        live, what, 1000 if what == "LARGEST" else ("linear",))
    run = dataclasses.replace(trained("0-vanilla"), folder=tmp_path)
    report.write(run)
    page = visit(run)
    assert page.evaluate("window.autoencoder") is None
    assert not page.locator("#drawing").is_visible()
    said = page.locator("main").inner_text()
    assert ("222,384" if what == "LARGEST" else "Dense") in said
    assert page.locator("dl div").count() == sum(
        not isinstance(value, dict) for value in run.metrics.values())


def test_page_is_the_same_each_time(trained):
    run = trained("3-variational")
    path = run.folder / "report.html"
    before = path.read_bytes()
    report.write(run)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name, words", [
    ("0-main.py", "--hidden --limit 5 --learning-rate 1e-3 --folds 2"),
    ("1-main.py", "--hidden 3 4 --dataset 'my images;'"),
    ("2-main.py", "--filters 3 4 --latent 7 7 4"),
    ("3-main.py", "--binarize dynamic --samples 5 --schedule cosine"),
    ("4-main.py", "--masking --noise 0.25"), ("5-main.py", "--lambtha 0"),
    ("denoise.py", "--model 5-contractive --lambtha 0.5"),
    ("impute.py", ""), ("codes.py", "--latent 3"), ("generate.py", ""),
    ("anomalies.py", "--other 'other images' --seed 3")])
def test_command_repeats_the_settings(name, words, monkeypatch):
    class Parsed(Exception):
        """Ends a main once its command line is read."""

    def parse(*arguments, **flags):
        raise Parsed(read(*arguments, **flags))

    read = command_line.parse
    monkeypatch.setattr(command_line, "parse", parse)
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    found, words = [], [f"./mains/{name}", *shlex.split(words)]
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(Parsed) as stop:
            runpy.run_path(str(ROOT / words[0]))["main"]()
        args = stop.value.args[0]
        found.append({key: value for key, value in vars(args).items()
                      if key not in command_line.NEUTRAL})
        backend, *words = shlex.split(" ".join(report.command(args)))
        assert backend == f"KERAS_BACKEND={keras.backend.backend()}"
    assert found[0] == found[1]


def test_numbers_that_are_not_finite_are_refused(trained, visit):
    page = visit(trained("0-vanilla"))
    for row in ([0] * 783, [math.nan] * 784):
        with pytest.raises(Exception, match="784"):
            page.evaluate("row => window.autoencoder.encode(row)", row)


@pytest.mark.long
def test_folds_have_pages(train, small, visit):
    run = train("0-main.py", "--dataset", small, "--epochs", 1, "--folds", 2,
                "--hidden", "--latent", 3, "--batch-size", 8)
    for number in (1, 2):
        page = visit(dataclasses.replace(
            run, folder=run.folder.with_name(f"fold-{number}")))
        assert f"fold {number}" in page.locator("header").inner_text()
    compare(page, run, run.first(20))


def test_example_computes_as_pages_do():
    template, example = (path.read_text("utf-8") for path in (
        ROOT / "mains/lab/report.html", ROOT / "docs/variational.html"))
    script = template[template.index("<script>"):]
    assert example.endswith(script)
    assert len(example.encode()) < 2.5e6


@pytest.mark.long
@pytest.mark.parametrize("name, more", [
    ("anomalies.py", ()), ("codes.py", ()), ("denoise.py", ()),
    ("generate.py", ()), ("impute.py", ("--hidden", "--latent", 32))])
def test_uses_have_pages(name, more, train, small, visit):
    run = train(name, "--dataset", small, "--epochs", 1, *more)
    page = visit(run)
    compare(page, run, run.first(20))
    titles = [title for title, value in run.metrics.items()
              if isinstance(value, dict) and title != "score_quantiles"]
    assert page.locator("caption").all_text_contents() == titles
    assert titles
