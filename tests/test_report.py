"""The page of a run, opened from its file in a real Chromium."""
import base64
import copy
import csv
import functools
import io
import math
import re
import shlex

import numpy as np
import pytest
import screenshots
import scripts
from lab.page import live, report
from PIL import Image

pytestmark = pytest.mark.usefixtures("eager")

STEP = 1 / 255  # of a pixel's value


def parameters(quick):
    """Returns all numbered scripts, those but a few marked as long."""
    return [script if script[0] in quick else pytest.param(
        script, marks=pytest.mark.long) for script in scripts.SCRIPTS
        if script[0].isdigit()]


@pytest.fixture(scope="module")
def browser():
    """Returns Chromium, driven by Playwright."""
    pytest.importorskip("playwright.sync_api")
    if not screenshots.find():
        pytest.skip("needs Chromium, such as Debian's package chromium")
    with screenshots.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def train(small, tmp_path_factory):
    """Returns a function that runs a script, once, on a few glyphs if the
    flags name no other data, and returns its last `Run`."""
    write = report.write

    @functools.cache
    def train_once(script, *flags):
        runs = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(report, "write", lambda run: (
                runs.append(run), write(run)))
            scripts.here(
                script, "--dataset", small, "--epochs", 2, "--output",
                tmp_path_factory.mktemp("run"), *flags).printed()
        return runs[-1]
    return train_once


@pytest.fixture
def visit(browser):
    """Returns a function that opens a run's page; the page must load nothing
    but itself, and report no error."""
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
    """Returns the results of a function of the page's, for rows of numbers."""
    return np.array(page.evaluate(
        f"rows => rows.map(row => window.autoencoder.{function}(row))",
        rows.reshape(len(rows), -1).tolist()))


def compare(page, run, images):
    """Checks what a page computes against Keras."""
    flat = images.reshape(len(images), -1)
    codes = run.model.code(images)
    rebuilt = run.model.rebuild(images).reshape(flat.shape)
    assert rebuilt.std() > 1e-3  # not the same grey everywhere
    for function, inputs in (("rebuild", flat), ("decode", codes)):
        found = computed(page, function, inputs)
        assert found.shape == flat.shape
        assert np.abs(found - rebuilt).max() < STEP
    # Half precision has eleven bits, and errors add up over a layer or two.
    found, codes = computed(page, "encode", flat), codes.reshape(len(flat), -1)
    assert np.abs(found - codes).max() < 0.01 * np.abs(codes).max()
    assert computed(page, "score", flat) == pytest.approx(
        run.model.score(images), rel=0.01)


@pytest.mark.parametrize("script", parameters(quick="3"))
def test_page_computes_what_keras_computes(script, train, visit):
    run = train(script)
    assert (run.folder / "report.html").stat().st_size < 4e6
    compare(visit(run), run, run.first(8))


@pytest.mark.parametrize("shape, filters, kind", [
    ((9, 14, 3), (6, 4), "ZeroPadding2D"), pytest.param(
        (5, 11, 1), (3,), "Cropping2D", marks=pytest.mark.long)])
def test_page_computes_images_of_any_size(
        shape, filters, kind, train, visit, tmp_path):
    random = np.random.default_rng(0)
    images = (255 * random.random((100, *shape))).astype("uint8")
    np.savez(tmp_path / "odd.npz", x_train=images, x_test=images)
    sides = (-(-side // 2 ** len(filters)) for side in shape[:2])
    run = train("2-main.py", "--dataset", tmp_path / "odd.npz", "--filters",
                *filters, "--latent", *sides, filters[-1])
    assert kind in {type(layer).__name__ for layer in run.model.decoder.layers}
    run.model.auto.set_weights([
        array + 0.3 * random.standard_normal(array.shape)
        for array in run.model.auto.get_weights()])
    report.write(run)
    compare(visit(run), run, run.first(8))


@pytest.mark.parametrize("script", ["0-main.py", pytest.param(
    "3-main.py", marks=pytest.mark.long)])
def test_rows_of_a_table_are_scored_as_in_the_run(
        script, train, visit, tmp_path):
    random = np.random.default_rng(0)
    rows = random.standard_normal((200, 2)) @ random.standard_normal((2, 5))
    rows[:, 0] = np.exp(2 * rows[:, 0])
    with open(tmp_path / "t.csv", "w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c", "d", "e"], *rows])
    run = train(script, "--dataset", tmp_path / "t.csv")
    page = visit(run)
    # New rows, some far away; then held-out ones, which do not count for
    # themselves.
    new = run.data.scaling.apply(rows[:9] * np.arange(1, 10)[:, None] + 0.1)
    expected, rebuilt = run.score_and_rebuild(new)
    assert computed(page, "score", new) == pytest.approx(expected, rel=0.02)
    assert np.abs(computed(page, "rebuild", new) - rebuilt).max() < STEP
    assert np.sort(computed(page, "score", run.first(20))) == pytest.approx(
        run.scores.unseen, rel=0.02)
    # The page shows values in the user's units.
    shown = page.locator("#columns .slide").first.locator("output").first
    first = run.data.scaling.undo(run.first(1))[0, 0]
    assert float(shown.text_content().replace("\u2212", "-")) == (
        pytest.approx(first, rel=0.01))


def test_weights_are_halved_only_where_that_is_precise_enough(train, visit):
    run = train("0-main.py", "--seed", 1)
    size = (run.folder / "report.html").stat().st_size
    weights = run.model.auto.get_weights()
    weights[0], weights[1], weights[2] = (  # the same function of the input
        weights[0] * 2 ** 20, weights[1] * 2 ** 20, weights[2] / 2 ** 20)
    run.model.auto.set_weights(weights)
    report.write(run)
    assert (run.folder / "report.html").stat().st_size > 1.4 * size
    compare(visit(run), run, run.first(8))
    for before, after in zip(weights, run.model.auto.get_weights()):
        np.testing.assert_array_equal(after, before)


def test_drawing_is_rebuilt_at_once(train, visit):
    page = visit(train("4-main.py"), has_touch=True)
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
    # The denoising module's page starts with its noise, and removes it.
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


def test_noise_blanks_where_the_module_masks(train, visit):
    page = visit(train("4-main.py", "--masking"))
    ink = []
    for noise in ("0", "0.5", "1"):
        page.locator("#noise").fill(noise)
        picture = base64.b64decode(pixels(page, "drawing").partition(",")[2])
        ink.append(np.array(Image.open(io.BytesIO(picture)).convert(
            "L"), float).sum())
    assert ink[1] == pytest.approx(ink[0] / 2, rel=0.4)
    assert ink[2] == 0


def test_verdict_is_score_and_threshold(train, visit):
    run = train("0-main.py")
    page = visit(run)
    score = run.model.score(run.first(1))[0]
    page.locator("#noise").fill("0")
    settle(page)
    assert f"{score:.3g}" in page.locator("#verdict").inner_text()
    for choice, threshold in run.metrics["score_quantiles"].items():
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


@pytest.mark.parametrize("script", ["3-main.py", "2-main.py"])
def test_exploring_decodes_at_once(script, train, visit):
    page = visit(train(script))  # of codes of 2 numbers, and of 128
    plane = page.locator("#plane")
    page.mouse.wheel(0, plane.bounding_box()["y"] - 50)
    settle(page)
    box, seen = plane.bounding_box(), [pixels(page, "decoded")]

    def look():
        seen.append(pixels(page, "decoded"))

    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    look()
    page.mouse.move(box["x"] + 300, box["y"] + 350)
    look()
    page.mouse.up()
    page.mouse.move(box["x"] + 30, box["y"] + 300)
    assert pixels(page, "decoded") == seen[-1]  # no button is down
    plane.focus()
    for _ in range(20):
        page.keyboard.press("ArrowUp")
    look()
    page.locator("#codes input").first.focus()
    for key in ("Home", "End"):
        page.keyboard.press(key)
        look()
    for position in ("0", "1"):
        page.locator("#position").fill(position)
        look()
    assert len(set(seen)) == len(seen)


def test_page_copes_with_very_many_numbers(train, visit):
    """As in the convolutional code of a large image, or in test images."""
    page = visit(train("0-main.py"))
    assert page.evaluate("""() => {
        const values = new Float32Array(300000).fill(2);
        values[7] = -1;
        paintBars(document.createElement("canvas"), values,
                  {low: values, high: values});
        return [minimum(values, 0), maximum(values)];
    }""") == [-1, 2]


def test_plane_is_the_codes_or_their_principal_components():
    from sklearn.decomposition import PCA
    random = np.random.default_rng(0)
    codes = random.standard_normal((50, 6)) * [5, 4, 1, 1, 1, 1]

    def unpacked(part):
        return np.frombuffer(base64.b64decode(part["content"]), part["type"])

    plane, expected = live.plane(codes), PCA(2).fit(codes)
    axes = unpacked(plane["axes"]).reshape(2, 6)
    assert abs(axes @ expected.components_.T) == pytest.approx(
        np.eye(2), abs=1e-5)
    points = unpacked(plane["points"]).reshape(50, 2)
    assert abs(points) == pytest.approx(
        abs(expected.transform(codes)), abs=0.01)
    back = unpacked(plane["mean"]) + points @ axes
    assert back == pytest.approx(expected.inverse_transform(
        expected.transform(codes)), abs=0.01)
    two = unpacked(live.plane(codes[:, :2])["points"]).reshape(50, 2)
    assert two == pytest.approx(codes[:, :2], rel=1e-3)
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
    command = page.locator("code").text_content()
    assert shlex.split(command) == [*map(str, run.command)]
    # Sliders are in the user's units, and are rebuilt at once.
    before = pixels(page, "difference")
    page.locator("#columns input").first.focus()
    page.keyboard.press("End")
    assert pixels(page, "difference") != before
    shown = page.locator("#columns .slide").first.locator("output").first
    assert float(shown.text_content()) == pytest.approx(
        run.data.train[:, 0].max(), rel=0.01)


def test_page_may_load_and_run_nothing(train, browser):
    run = train("0-main.py")
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
        for (let turn = 0; turn < 100 && new Set(refused).size < 6; turn++)
            await new Promise(done => setTimeout(done, 50));
        return refused;
    }""")
    assert set(refused) == {
        "connect-src", "img-src", "script-src-elem", "style-src-elem",
        "frame-src", "script-src-attr"}
    assert page.evaluate("window.hacked") is None
    page.close()


@pytest.mark.parametrize("script", parameters(quick="24"))
def test_page_fits_and_speaks(script, train, visit):
    colours = set()
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = visit(train(script), color_scheme=scheme,
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


@pytest.mark.parametrize("limit, value, reason", [
    ("LARGEST", 1000, "222,384"), ("ACTIVATIONS", ("linear",), "Dense")])
def test_page_without_live_model_says_why(
        limit, value, reason, train, visit, monkeypatch, tmp_path):
    monkeypatch.setattr(live, limit, value)
    run = copy.copy(train("0-main.py"))
    run.folder = tmp_path
    report.write(run)
    page = visit(run)
    assert page.evaluate("window.autoencoder") is None
    assert not page.locator("#drawing").is_visible()
    assert reason in page.locator("main").inner_text()
    assert page.locator("dl div").count() == sum(
        not isinstance(value, dict) for value in run.metrics.values())


def test_page_is_the_same_each_time(train):
    run = train("3-main.py")
    path = run.folder / "report.html"
    before = path.read_bytes()
    report.write(run)
    assert path.read_bytes() == before


def test_numbers_that_are_not_finite_are_refused(train, visit):
    page = visit(train("0-main.py"))
    for row in ([0] * 783, [math.nan] * 784):
        with pytest.raises(Exception, match="784"):
            page.evaluate("row => window.autoencoder.encode(row)", row)


def test_example_shows_what_a_run_of_today_does(train):
    example = screenshots.PAGE.read_text("utf-8")
    page = (train("3-main.py").folder / "report.html").read_text("utf-8")
    for tag in ("dt", "th"):  # of metrics and of settings
        names = re.compile(f"<{tag}\\b.*?>(.*?)</{tag}>")
        assert names.findall(example) == names.findall(page)
    for path, most in screenshots.LARGEST.items():
        assert path.stat().st_size < most


@pytest.mark.long
@pytest.mark.parametrize("name, more", [
    ("anomalies.py", ()), ("codes.py", ()), ("denoise.py", ()),
    ("generate.py", ()), ("impute.py", ("--hidden", "--latent", 32))])
def test_applications_have_pages(name, more, train, visit):
    run = train(name, "--epochs", 1, *more)
    page = visit(run)
    compare(page, run, run.first(20))
    titles = [title for title, value in run.metrics.items()
              if isinstance(value, dict) and title != "score_quantiles"]
    assert page.locator("caption").all_text_contents() == titles
    assert titles
