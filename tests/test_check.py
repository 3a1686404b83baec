"""The checker: right and wrong modules, mutations, and what it endures."""
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import keras
import mutations
import numpy as np
import pytest
from grader import (
    case,
    confinement,
    evidence,
    points,
    promises,
    reference,
    reports,
    students,
)

pytestmark = pytest.mark.usefixtures("eager")
ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "checker.md").read_text()
EXERCISE = (ROOT / "docs" / "exercise.md").read_text()
SOLUTIONS = sorted((ROOT / "checker" / "solutions").glob("*/*/*.py"))
RIGHT = [path for path in SOLUTIONS if path.parts[-3] == "right"]
KEPT, BROKEN, NOT_RUN = 0, 1, 2
# The backend that Keras imports fastest, where nothing is computed.
UNUSED = {"KERAS_BACKEND": "numpy"}
KERAS2 = os.environ.get("KERAS2_PYTHON") or (
    ROOT / ".venv-keras2" / "bin" / "python")
STATES = {"Breaks": "broken", "Arguable:": "arguable"}


def run(*arguments, status, **variables):
    """Runs the command; returns what it printed."""
    jobs = ["--jobs", "1"] if variables == UNUSED else []  # one import
    done = subprocess.run(
        [sys.executable, ROOT / "checker" / "check.py",
         *map(str, arguments), *jobs], text=True, capture_output=True,
        env={**os.environ, **variables})
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def check(folder, *flags, status, **variables):
    """Runs the command for one student; returns the modules' reports."""
    printed = run(folder, "--format", "json", *flags, status=status,
                  **variables)
    student, = json.loads(printed)["students"]
    return student["modules"]


def name(path):
    """Returns a solution's name, as in right/blog/0-vanilla."""
    return "/".join(path.with_suffix("").parts[-3:])


def needs_keras_2(path):
    """Says whether a solution runs on Keras 2 only."""
    return "# Needs Keras 2." in path.read_text()


def due(path):
    """Returns what a solution says that becomes of its promises."""
    return {promise: STATES[word] for word, promise in re.findall(
        r"^# (Breaks|Arguable:) (\S+)\.$", path.read_text(), re.MULTILINE)}


def amiss(results):
    """Returns the promises that are broken or arguable."""
    return {result["name"]: result["state"] for result in results
            if result["state"] in STATES.values()}


def examined(path, seed=0):
    """Examines a file right here; returns what is amiss."""
    request = case.request(path.stem, seed)
    imported, layers = sys.modules.get(path.stem), {
        **keras.saving.get_custom_objects()}
    try:
        found = evidence.examine(path, request)
    finally:  # other tests should not meet a mutant
        del sys.modules[path.stem]
        sys.modules.update({path.stem: imported} if imported else {})
        keras.saving.get_custom_objects().update(layers)
        sys.path.remove(str(path.parent))
    return [result._asdict()
            for result in promises.judge(path.stem, request, found)]


def task(results):
    """Returns what is amiss, but for what is beyond the task."""
    return {promise: state for promise, state in amiss(results).items()
            if not promise.startswith("beyond.")}


@pytest.mark.long
def test_each_solution_gets_its_verdict_and_no_other():
    """By the command, as a class; also those that only it survives."""
    printed = run(ROOT / "checker" / "solutions", "--format", "json",
                  "--timeout", 120, status=NOT_RUN)
    found = {f"{student['name']}/{module}": report
             for student in json.loads(printed)["students"]
             for module, report in student["modules"].items()}
    assert len(found) == len(SOLUTIONS)
    for path in SOLUTIONS:
        if needs_keras_2(path) and not Path(KERAS2).exists():
            continue
        assert task(found[name(path)]["promises"]) == due(path), name(path)


def test_solutions_are_of_the_kind_of_their_folder():
    for path in SOLUTIONS:
        assert set(due(path).values()) == {
            "right": set(), "wrong": {"broken"}, "arguable": {"arguable"}}[
                path.parts[-3]], path


@pytest.mark.parametrize("path, block", [
    (ROOT / path, block) for path, block in zip(
        re.findall(r"`(checker/solutions/\S+\.py)`", EXERCISE),
        re.findall(r"```text\n(.*?)```", EXERCISE, re.DOTALL))])
def test_exercise_shows_what_the_checker_says(path, block):
    """The same verdict as in the solution's head, and the page's words."""
    results = examined(path)
    assert task(results) == due(path)
    lines = [row for line in results if line["name"] in due(path)
             for row in reports.promise(line)]
    assert block.splitlines() == lines


@pytest.mark.long
@pytest.mark.parametrize("path", [
    pytest.param(path, id=name(path)) for path in RIGHT
    if not needs_keras_2(path)])
def test_thirty_seeds_give_the_same_verdict(path):
    for seed in range(30):
        assert not task(examined(path, seed)), seed


def mutant(mutation, folder):
    """Makes a mutation of a file; returns the path of what came out."""
    path = folder / Path(mutation.path).name
    source, count = re.subn(
        mutation.pattern, mutation.text, (ROOT / mutation.path).read_text(),
        flags=re.MULTILINE)
    assert count == 1, mutation
    path.write_text(source)
    return path


def identity(mutation):
    """Names a mutation."""
    return f"{mutation.path}-{mutation.text.strip()}"


def test_mutations_can_be_made(tmp_path):
    for mutation in [*mutations.OURS, *mutations.SOLUTIONS]:
        mutant(mutation, tmp_path)


@pytest.mark.parametrize("mutation", [
    pytest.param(mutation, id=identity(mutation),
                 marks=[] if "penalty.size" in mutation.breaks else
                 pytest.mark.long) for mutation in mutations.OURS])
def test_mutation_of_ours_breaks_what_it_should_and_no_other(
        mutation, tmp_path):
    path = mutant(mutation, tmp_path)
    idea = case.IDEAS[path.stem]
    assert set(amiss(examined(path))) == {
        f"beyond.{idea}{promise[6:]}" if promise.startswith("beyond.") else
        f"{idea}.{promise}" for promise in mutation.breaks}


@pytest.mark.parametrize("mutation", [
    pytest.param(mutation, id=identity(mutation),
                 marks=[] if "fit" in mutation.breaks else pytest.mark.long)
    for mutation in mutations.SOLUTIONS])
def test_mutation_of_a_solution_is_named(mutation, tmp_path):
    path = mutant(mutation, tmp_path)
    assert {promise.partition(".")[2] for promise in task(
        examined(path))} == set(mutation.breaks)


CHEATS = {
    # Writes what it wants to be believed, and ends with status 0.
    "0-vanilla": """
import os
open("evidence.json", "w").write('{"errors": {}, "builds": [], "keras": "3"}')
print('{"status": 0}')
os._exit(0)
""",
    # Changes Keras, so that whatever is measured looks right.
    "1-sparse": """
import keras
keras.Model.evaluate = lambda *_, **__: 0.7
keras.Model.fit = lambda *_, **__: None
def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    x = keras.Input((input_dims,))
    z = keras.Input((latent_dims,))
    encoder = keras.Model(x, keras.layers.Dense(latent_dims)(x))
    decoder = keras.Model(z, keras.layers.Dense(input_dims)(z))
    auto = keras.Model(x, decoder(encoder(x)))
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
""",
    # Leaves through the front door.
    "2-convolutional": """
import sys
sys.exit(0)
""",
    # Wants all the memory.
    "4-denoising": """
bytearray(2 ** 36)
""",
}
# Never ends, and leaves another process behind, which does not end either.
ENDLESS = """
import subprocess
subprocess.Popen(["sleep", "86399"], start_new_session=True)
while True:
    pass
"""


def write(folder, modules):
    """Writes modules into a folder."""
    folder.mkdir(exist_ok=True)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
    return folder


@pytest.mark.long
def test_nobody_cheats(tmp_path):
    modules = check(write(tmp_path / "cheats", CHEATS), status=NOT_RUN)
    states = {name: module["status"] for name, module in modules.items()}
    assert states == {"0-vanilla": BROKEN, "1-sparse": BROKEN,
                      "2-convolutional": NOT_RUN, "4-denoising": NOT_RUN}
    assert "SystemExit" in modules["2-convolutional"]["error"]
    assert "MemoryError" in modules["4-denoising"]["error"]


@pytest.mark.long
def test_time_limit(tmp_path):
    modules = check(write(tmp_path / "endless", {"0-vanilla": ENDLESS}),
                    "--timeout", 15, status=NOT_RUN)
    assert "time limit" in modules["0-vanilla"]["error"]
    if confinement.namespaces():
        left = subprocess.run(["pgrep", "-f", "sleep 86399"],
                              capture_output=True)
        assert left.returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel")
def test_no_writing_outside_and_no_network(tmp_path):
    """Tried one after the other in one module; each says how it ended.

    Only the kernel stops those that pass Python by: C, and a child.
    """
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    module = f"""
import ctypes, os, socket, subprocess
def child():
    subprocess.run(["sh", "-c", "echo > {outside}"], check=True)
def c():
    if ctypes.CDLL(None, use_errno=True).unlink({str(outside).encode()!r}):
        raise OSError(ctypes.get_errno(), "refused")
ends = []
for attack in (lambda: open({str(outside)!r}, "w"),
               lambda: open(__file__, "a"), c, child,
               lambda: socket.create_connection(("127.0.0.1", 9), 5)):
    try:
        ends.append(attack())
    except Exception as error:
        ends.append(type(error).__name__)
raise ValueError(f"They ended as {{ends}}")
"""
    modules = check(write(tmp_path / "attacks", {"0-vanilla": module}),
                    status=NOT_RUN, **UNUSED)
    assert outside.read_text() == "as it was"
    ends = re.findall(r"\w+", modules["0-vanilla"]["error"].partition("[")[2])
    assert ends[:3] == ["PermissionError"] * 3
    assert ends[3] in ("CalledProcessError", "PermissionError")
    assert ends[4] in ("PermissionError", "OSError")


def test_what_cannot_be_run(tmp_path):
    modules = check(write(tmp_path / "errors", {
        "0-vanilla": "def autoencoder(:\n",
        "1-sparse": "import keras\nimport tenserflow\n"}), status=NOT_RUN,
        **UNUSED)
    assert "SyntaxError" in modules["0-vanilla"]["error"]
    assert "tenserflow" in modules["1-sparse"]["error"]
    assert "line 2" in modules["1-sparse"]["error"]
    assert check(tmp_path / "errors", "--only", 3, status=NOT_RUN) == {}


def test_evidence_of_other_sizes_does_not_do():
    """Right evidence, but of another examination, is no evidence."""
    found = evidence.collect(
        __import__("0-vanilla").autoencoder, case.request("0-vanilla", 1))
    results = promises.judge("0-vanilla", case.request("0-vanilla", 0), found)
    assert [result for result in results if result.state == "broken"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_sizes_and_draws_do_not_matter(seed):
    for module in case.IDEAS:
        assert not amiss(examined(ROOT / f"{module}.py", seed))


def test_lists_of_every_kind_occur():
    for module, seed in itertools.product(case.IDEAS, range(20)):
        request = case.request(module, seed)
        lists = [build[1] for build in request["builds"]]
        assert any(sorted(set(each)) == each for each in lists)
        assert any(sorted(set(each))[::-1] == each for each in lists)
        assert any(len(set(each)) < len(each) for each in lists)
        assert lists[request["task"]] in ([128, 64], [16, 8, 8], [512])
        # No size of image fits one convolution: see `request`.
        assert module == "2-convolutional" or any(
            len(each) == 1 for each in lists)


@pytest.mark.long
def test_written_for_keras_2(tmp_path):
    for path in filter(needs_keras_2, RIGHT):
        folder = write(tmp_path / path.parent.name,
                       {path.stem: path.read_text()})
        module = check(folder, "--keras2", "", status=NOT_RUN)[path.stem]
        assert "Keras 2" in module["note"]
        if Path(KERAS2).exists():
            module = check(folder, "--keras2", KERAS2, status=KEPT)[path.stem]
            assert module["keras"].startswith("2.")
            assert "Keras 2" in module["note"]


@pytest.mark.long
@pytest.mark.skipif(not Path(KERAS2).exists(), reason="needs Keras 2")
def test_where_both_versions_fail_the_students_own_error_counts(tmp_path):
    source = (ROOT / "checker/solutions/right/keras2/3-variational.py"
              ).read_text().replace("K.exp(0.5 * z_log_var)", "K.exq(1)")
    folder = write(tmp_path / "older", {"3-variational": source})
    module = check(folder, "--keras2", KERAS2, status=BROKEN)["3-variational"]
    assert "exq" in module["error"] and "Keras 2" in module["note"]


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """Examines a class of which none is as it should be, once."""
    folder = tmp_path_factory.mktemp("school")
    stub = "def autoencoder(input_dims, hidden_layers, latent_dims):\n    0\n"
    write(folder / "ada", {"0-vanilla": stub, "3-variational": stub})
    write(folder / "bob", {"0-vanilla": "def autoencoder(:\n"})
    (folder / "cem" / "task" / "deep").mkdir(parents=True)
    write(folder / "cem" / "task" / "deep", {"1-sparse": "import tenserflow"})
    (folder / "dora").mkdir()
    (folder / ".git").mkdir()
    return json.loads(run(folder, "--format", "json", "--seed", 0,
                          status=NOT_RUN, **UNUSED))


def test_a_broken_or_empty_folder_ends_no_other(school):
    found = {student["name"]: student for student in school["students"]}
    assert list(found) == ["ada", "bob", "cem", "dora"]
    assert found["ada"]["status"] == BROKEN
    assert {found[each]["status"] for each in ("bob", "cem", "dora")} == {
        NOT_RUN}
    assert found["dora"]["missing"] == list(students.COURSE)
    assert found["ada"]["missing"] == ["1-sparse", "2-convolutional"]
    assert "SyntaxError" in found["bob"]["modules"]["0-vanilla"]["error"]
    stub, = (line for line in found["ada"]["modules"]["0-vanilla"]["promises"]
             if line["state"] == "broken")
    assert stub["found"] == "None"


def test_students_of_a_class(tmp_path):
    for path in ("ada", "bob/deep/down", "cem/first", "cem/second", ".git",
                 "dora", "other/ada"):
        (tmp_path / path).mkdir(parents=True)
        if path != "dora":
            write(tmp_path / path, {"0-vanilla": "", "1-sparse": ""})

    def found(*folders):
        return [student.name for student in students.find(
            [tmp_path / folder for folder in folders], ["1-sparse"])]

    assert found("") == ["ada", "bob", "cem/first", "cem/second", "dora",
                         "other"]
    assert found("ada", "dora", "bob") == ["ada", "dora", "deep"]
    assert found("ada", "other/ada") == [
        str(tmp_path / path) for path in ("ada", "other/ada")]
    student, = students.find([tmp_path / "ada"], ["1-sparse", "3-variational"])
    assert student.modules == ("1-sparse",)


def test_formats_tell_the_same(school):
    report = school
    lines = [(student["name"], module, line) for student in report["students"]
             for module, found in student["modules"].items()
             for line in found["promises"]]
    table = reports.text(report)
    for student in report["students"]:
        assert re.search(rf"^{student['name']} ", table, re.MULTILINE)
    rows = reports.as_csv(report).splitlines()
    # A head, and a row for each promise, each that is absent or did not run.
    assert len(rows) == 1 + len(lines) + 2 + sum(
        len(student["missing"]) for student in report["students"])
    suites = xml.fromstring(reports.as_junit(report))
    assert sum(int(suite.get("failures")) for suite in suites) == len(
        suites.findall(".//failure")) == sum(
            line["state"] == "broken" and not line["beyond"]
            for _, _, line in lines)
    assert len(suites.findall(".//error")) >= 2
    results = json.loads(reports.as_gradescope(report))
    assert list(results) == ["ada", "bob", "cem", "dora"]
    for student in report["students"]:
        found = results[student["name"]]
        assert found["score"] == student["points"]
        assert sum(test.get("score", 0) for test in found["tests"]) == (
            pytest.approx(student["points"], abs=0.01))
        assert sum(test.get("max_score", 0) for test in found["tests"]) <= (
            student["of"] + 0.01)


def test_one_file_of_four(tmp_path):
    folder = write(tmp_path / "one", {"1-sparse": "import tenserflow"})
    printed = run(folder, "--only", 1, 2, status=NOT_RUN, **UNUSED)
    assert "not there: 2-convolutional.py\n" in printed
    student = students.Student("one", str(folder), ("1-sparse",))
    kept = {"1-sparse": {"status": KEPT, "promises": []}}

    class Arguments:
        points, strict = points.DEFAULT, False

    for expected, status in ((True, NOT_RUN), (False, KEPT)):
        assert reports.summary(student, kept, ["0-vanilla"], expected,
                               students.COURSE, Arguments)["status"] == status


def test_points_of_promises_and_groups(tmp_path):
    path = tmp_path / "points.json"
    path.write_text('{"vanilla": 3, "vanilla.loss": 5}')
    worth = points.share(points.read(path), points.named("0-vanilla"))
    assert worth["vanilla.loss"] == 5
    assert sum(worth.values()) == pytest.approx(8)
    assert not any(points.share(points.read(path),
                                points.named("1-sparse")).values())
    for wrong in ('{"vanila": 3}', '{"vanilla": "3"}', '{"vanilla": -1}',
                  "[]", "{"):
        path.write_text(wrong)
        with pytest.raises(ValueError):
            points.read(path)
    for names in case.IDEAS:
        assert len(set(points.named(names))) == len(points.named(names))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size, step, dilation", [
    ((3, 3), 1, 1), ((5, 2), 1, 1), ((2, 4), 2, 1), ((3, 2), 1, 2)])
def test_reference_has_kernels_of_any_shape(padding, size, step, dilation):
    x = np.random.default_rng(0).random((2, 7, 9, 3)).astype("float32")
    layer = keras.layers.Conv2D(4, size, strides=step, padding=padding,
                                dilation_rate=dilation)
    due = np.asarray(layer(x))
    found = reference.linear(
        {"kind": "Conv2D", "settings": {
            "strides": (step, step), "padding": padding,
            "dilation_rate": (dilation, dilation)}}, layer.get_weights(), x)
    np.testing.assert_allclose(found, due, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_reference_enlarges_images(interpolation):
    x = np.random.default_rng(0).random((2, 3, 4, 2)).astype("float32")
    layer = keras.layers.UpSampling2D((2, 3), interpolation=interpolation)
    found = reference.linear({"kind": "UpSampling2D", "settings": {
        "size": (2, 3), "interpolation": interpolation}}, [], x)
    np.testing.assert_allclose(found, np.asarray(layer(x)), rtol=1e-4)


def commands(page):
    """Returns a page's commands, each as one that a shell can run."""
    blocks = re.findall(r"```console\n\$ (.*?)```", page, re.DOTALL)
    return [block.replace("\n> ", "\n") for block in blocks]


@pytest.mark.long
def test_commands_of_the_page(tmp_path):
    """With a class of one, and the checker beside it."""
    for room in ("checker", "class/ada"):
        (tmp_path / room).parent.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "checker", tmp_path / "checker")
    shutil.copytree(ROOT / "checker" / "solutions" / "right" / "index_loops",
                    tmp_path / "class" / "ada")
    for path in "Makefile", "requirements.txt":
        shutil.copy(ROOT / path, tmp_path)
    (tmp_path / ".venv").mkdir()
    for path in "bin", "lib", "pyvenv.cfg":
        (tmp_path / ".venv" / path).symlink_to(Path(sys.prefix, path))
    (tmp_path / ".venv" / "installed").touch()
    tried = 0
    for command in commands(PAGE):
        if command.startswith(("docker", "python3.11")):
            continue
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, text=True,
            capture_output=True, env={**os.environ, "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), os.environ["PATH"]])})
        assert done.returncode == ("--expect" in command) * NOT_RUN, (
            command, done.stderr)
        tried += 1
    assert tried >= 4


def test_page_knows_the_limits():
    assert f"{confinement.MEMORY / 2 ** 30:g} GB of memory" in PAGE
    assert f"files of {confinement.FILE_SIZE / 2 ** 20:g} MB" in PAGE


def test_page_has_all_promises():
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [
        ("beyond." * promise.beyond + promise.name, promise.text,
         "all" if len(promise.ideas) == len(case.IDEAS)
         else ", ".join(promise.ideas)) for promise in promises.PROMISES]
