"""The checker: right and wrong modules, mutations, and what it endures."""
import csv
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import mutations
import pytest
from grader import case, confinement, evidence, promises

pytestmark = pytest.mark.usefixtures("eager")
ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "checker.md").read_text()
SOLUTIONS = sorted((ROOT / "checker" / "solutions").glob("*/*.py"))
KEPT, BROKEN, NOT_RUN = 0, 1, 2
# The backend that Keras imports fastest, where nothing is computed.
UNUSED = {"KERAS_BACKEND": "numpy"}
# The quick ones: each of them is a mistake that no other check would see.
QUICK = {"0-vanilla_sequential", "0-vanilla_forgot_to_reverse",
         "1-sparse_every_layer", "3-variational_outputs_in_other_order"}


def check(folder, *flags, status, **variables):
    """Runs the command; returns its report as JSON."""
    done = subprocess.run(
        [sys.executable, ROOT / "checker" / "check.py", folder, "--json",
         *map(str, flags)], text=True, capture_output=True,
        env={**os.environ, **variables})
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)["modules"] if done.stdout else {}


def broken(path, seed=0):
    """Returns the names of the promises that a file breaks, run right here."""
    module = path.stem.partition("_")[0]
    request = case.request(module, seed)
    imported, layers = sys.modules.get(path.stem), {
        **keras.saving.get_custom_objects()}
    try:
        found = evidence.examine(path, request)
    finally:  # other tests should not meet a mutant
        del sys.modules[path.stem]
        sys.modules.update({path.stem: imported} if imported else {})
        keras.saving.get_custom_objects().update(layers)
        sys.path.remove(str(path.parent))
    results = promises.judge(module, request, found)
    return {result.name for result in results if result.state == "broken"}


def due(path):
    """Returns the promises that a solution says it breaks."""
    return set(re.findall(r"^# Breaks (\S+)\.$", path.read_text(),
                          re.MULTILINE))


@pytest.mark.parametrize("path", [
    pytest.param(path, id=path.stem, marks=[] if path.stem in QUICK else
                 pytest.mark.long)
    for path in SOLUTIONS if "keras2" not in path.stem])
def test_solution_breaks_what_it_should_and_no_other(path):
    assert {name for name in broken(path)
            if not name.startswith("beyond.")} == due(path)


def test_there_are_enough_solutions():
    paths = {folder: [path for path in SOLUTIONS
                      if path.parent.name == folder]
             for folder in ("right", "wrong")}
    assert len(paths["right"]) >= 6 and len(paths["wrong"]) >= 12
    assert not any(due(path) for path in paths["right"])
    assert all(due(path) for path in paths["wrong"])


@pytest.mark.parametrize("mutation", [
    pytest.param(mutation, id=f"{mutation.module}-{mutation.text.strip()}",
                 marks=[] if {"penalty.size", "z.variance"} & {
                     *mutation.breaks} else pytest.mark.long)
    for mutation in mutations.MUTATIONS])
def test_mutation_breaks_what_it_should_and_no_other(mutation, tmp_path):
    path = tmp_path / f"{mutation.module}.py"
    source, count = re.subn(
        mutation.pattern, mutation.text, (ROOT / path.name).read_text(),
        count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(source)
    idea = case.IDEAS[mutation.module]
    assert broken(path) == {
        f"beyond.{idea}{name[6:]}" if name.startswith("beyond.") else
        f"{idea}.{name}" for name in mutation.breaks}


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
    assert check(tmp_path, status=NOT_RUN) == {}


def test_evidence_of_other_sizes_does_not_do(monkeypatch):
    """Right evidence, but of another examination, is no evidence."""
    found = {}
    for seed in (0, 1):
        request = case.request("0-vanilla", seed)
        found[seed] = evidence.collect(
            __import__("0-vanilla").autoencoder, request)
    results = promises.judge("0-vanilla", case.request("0-vanilla", 0),
                             found[1])
    assert [result for result in results if result.state == "broken"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_sizes_and_draws_do_not_matter(seed):
    for module in case.IDEAS:
        assert not broken(ROOT / f"{module}.py", seed)


@pytest.mark.long
def test_four_modules_take_less_than_30_seconds(tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    modules = [f"{module}.py" for module in list(case.IDEAS)[:4]]
    for name in modules:
        shutil.copy(ROOT / name, tmp_path)
    check(tmp_path, status=KEPT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Two run at a time; the machine may have other things to do as well.
    assert (after.ru_utime + after.ru_stime
            - before.ru_utime - before.ru_stime) / 2 < 30


KERAS2 = os.environ.get("KERAS2_PYTHON") or (
    ROOT / ".venv-keras2" / "bin" / "python")


@pytest.mark.long
def test_written_for_keras_2(tmp_path):
    source = (ROOT / "checker" / "solutions" / "right"
              / "3-variational_keras2.py").read_text()
    folder = write(tmp_path / "older", {"3-variational": source})
    environment = os.environ.copy()
    os.environ.pop("KERAS2_PYTHON", None)
    try:
        if not (ROOT / ".venv-keras2").exists():
            module = check(folder, status=NOT_RUN)["3-variational"]
            assert "Keras 2" in module["note"]
    finally:
        os.environ.update(environment)
    if not Path(KERAS2).exists():
        pytest.skip("needs the environment of make compat-keras2")
    module = check(folder, "--keras2", KERAS2, status=KEPT)["3-variational"]
    assert module["keras"].startswith("2.")
    assert "Keras 2" in module["note"]


@pytest.fixture
def school(tmp_path):
    """Makes a class of two students, and a copy of the checker beside it."""
    (tmp_path / "class").mkdir()
    right, wrong = (next(path for path in SOLUTIONS if path.stem == name)
                    for name in ("0-vanilla_index_loops",
                                 "0-vanilla_forgot_to_reverse"))
    write(tmp_path / "class" / "ada", {"0-vanilla": right.read_text()})
    write(tmp_path / "class" / "bob", {"0-vanilla": wrong.read_text(),
                                       "1-sparse": "import tenserflow"})
    shutil.copytree(ROOT / "checker", tmp_path / "checker")
    for name in "Makefile", "requirements.txt":
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def commands():
    """Returns the page's commands, each as one that a shell can run."""
    blocks = re.findall(r"```console\n\$ (.*?)```", PAGE, re.DOTALL)
    return [block.replace("\n> ", "\n") for block in blocks]


@pytest.mark.long
def test_page_of_a_whole_class(school, capsys):
    make, one, loop, docker = commands()
    assert make.startswith("make check DIR=")
    assert docker.startswith("docker run ")
    shell = {**os.environ, "PATH": os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(["bash", "-c", loop], cwd=school, env=shell,
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    code, = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], cwd=school,
                          text=True, capture_output=True)
    _, *rows = csv.reader(done.stdout.splitlines())
    assert [row[:3] for row in rows] == [
        ["bob", "0-vanilla", "vanilla.decoder.order"], ["bob", "1-sparse", ""]]
    assert all(row[3] for row in rows)


@pytest.mark.long
def test_page_of_one_student(school):
    make, one, *_ = commands()
    (school / ".venv").mkdir()
    for name in "bin", "lib", "pyvenv.cfg":
        (school / ".venv" / name).symlink_to(Path(sys.prefix, name))
    (school / ".venv" / "installed").touch()
    for command in (make, one):
        done = subprocess.run(
            ["bash", "-c", command], cwd=school, text=True,
            capture_output=True, env={**os.environ, "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), os.environ["PATH"]])})
        assert done.returncode == 0, done.stderr
        assert "18 of 18 promises kept" in done.stdout


@pytest.mark.long
@pytest.mark.skipif(
    not shutil.which("docker") or subprocess.run(  # noqa: S603
        ["docker", "image", "inspect", "autoencoders"],
        capture_output=True).returncode != 0,
    reason="needs Docker and an image autoencoders")
def test_page_of_a_container(school):
    done = subprocess.run(["bash", "-c", commands()[-1]], cwd=school,
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_page_knows_the_limits():
    assert f"{confinement.MEMORY / 2 ** 30:g} GB of memory" in PAGE
    assert f"files of {confinement.FILE_SIZE / 2 ** 20:g} MB" in PAGE


def test_page_has_all_promises():
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [
        ("beyond." * promise.beyond + promise.name, promise.text,
         "all" if len(promise.ideas) == len(case.IDEAS)
         else ", ".join(promise.ideas)) for promise in promises.PROMISES]
