"""Places where things are missing: a home, rights, a screen, plain names."""
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from data_files import archive
from scripts import ROOT


@pytest.fixture
def elsewhere():
    """Returns a folder with an awkward name that every user can get into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "ä b'ç \"d\"")
        path.mkdir()
        yield path


def without_rights():
    """Returns how to start a process that has no right to overstep rights."""
    if os.geteuid() != 0:
        return [], {}
    user = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "import numpy"], **user,
                       check=True, cwd="/", env={}, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        # Python is where only root may go: root then, but bound by rights.
        if not shutil.which("setpriv"):
            pytest.skip("needs a Python that other users may run, or setpriv")
        return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"], {}
    return [], user


@pytest.mark.long
def test_another_user_without_home_or_rights(small, elsewhere):
    """The project is read-only, and so is where the run starts from."""
    project, output = elsewhere / "the project", elsewhere / "für alle"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(
        ".*", "runs", "__pycache__", "*.npz"))
    output.mkdir()
    shutil.copy(small, elsewhere / "ünï.npz")
    before, user = without_rights()
    if user:
        os.chown(output, user["user"], user["group"])
    for path in [*project.rglob("*"), project, elsewhere / "ünï.npz",
                 elsewhere]:
        path.chmod(0o555 if path.is_dir() else 0o444)

    def run(*arguments):
        return subprocess.run(
            [*before, sys.executable, "-W", "error",
             # Keras's TensorFlow backend, when NumPy 2 copies its variables.
             "-W", "ignore:__array__ implementation:DeprecationWarning",
             project / "mains" / "3-main.py", "--dataset",
             elsewhere / "ünï.npz", "--epochs", "1", *arguments],
            cwd=elsewhere, text=True, capture_output=True,
            encoding="utf-8", **user, check=False,
            env={"LANG": "C", "LC_ALL": "C", "PATH": os.environ["PATH"],
                 **{name: value for name, value in os.environ.items()
                    if name.startswith("KERAS_BACKEND")}})

    try:
        done = run("--output", output / "run")
        assert done.returncode == 0, done.stderr
        assert (output / "run" / "manifold.png").exists()
        assert "ünï.npz" in done.stdout
        (output / "run").chmod(0o555)
        for flags, path in (((), "runs/3-variational"), (
                ("--output", output / "run", "--resume", "--epochs", "2"),
                "config.json")):
            refused = run(*flags)
            assert refused.returncode == 1
            last = refused.stderr.strip().splitlines()[-1]
            assert last.startswith("3-main.py: error: ")
            assert f"{path}: {os.strerror(errno.EACCES)}" in last
    finally:
        for path in [elsewhere, *elsewhere.rglob("*")]:
            path.chmod(0o755)


def test_data_that_may_not_be_read(elsewhere):
    Path(archive(elsewhere)).chmod(0)
    before, user = without_rights()
    done = subprocess.run(
        [*before, sys.executable, "-c",
         "from lab.data import datasets; datasets.load('set.npz')"],
        text=True, capture_output=True, check=False, cwd=elsewhere, **user,
        env={**os.environ, "PYTHONPATH": str(ROOT / "mains"),
             "KERAS_BACKEND": "numpy"})
    assert "set.npz" in done.stderr
    assert os.strerror(errno.EACCES) in done.stderr
