"""Asks a process for evidence, and believes nothing that it says.

Evidence is read as JSON, and judged elsewhere.
"""
import contextlib
import json
import os
import queue
import signal
import site
import stat
import subprocess
import tempfile
import threading
from pathlib import Path

# The package lies in a folder that the module under examination does not see.
START = ("import sys; sys.path[0] = sys.argv[1]; "
         "from grader import server; del sys.path[0]; server.main()")
ROOM = Path(__file__).resolve().parents[1]
KINDS = {"cause": str, "keras": str, "errors": dict}
TIME_LIMIT = "not done within the time limit"
PATIENCE = 5  # times the processor's seconds, on a busy machine
IMPORT = 300  # seconds for Keras, at most
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "KERAS_BACKEND",
        "SYSTEMROOT")


class Server:
    """A process with Keras, for one module after the other."""

    def __init__(self, python, isolate):
        """Takes the Python, and the command that cuts the network off."""
        self.command = [*isolate, python, "-c", START, str(ROOM)]
        self.process = self.folder = None

    def start(self):
        """Starts it, in a folder of its own; says whether it is ready."""
        self.folder = tempfile.TemporaryDirectory(
            prefix="check-", ignore_cleanup_errors=True)
        # Keras asks once, where its home is: wherever a module runs.
        environment = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "HOME": self.folder.name, "KERAS_HOME": ".",
            "MPLCONFIGDIR": self.folder.name, "MPLBACKEND": "Agg",
            "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONDONTWRITEBYTECODE": "1", "JAX_PLATFORMS": "cpu",
            "PYTHONUSERBASE": site.getuserbase(), "OMP_NUM_THREADS": "1"}
        with open(Path(self.folder.name, "printed"), "wb") as printed:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder.name, env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=printed, start_new_session=True, bufsize=0)
        self.answers = queue.Queue()
        threading.Thread(target=self.listen, daemon=True, args=(
            self.process.stdout, self.answers)).start()
        return self.answer(IMPORT) == b"ready"

    @staticmethod
    def listen(stream, answers):
        """Puts lines into a queue, and nothing at the end."""
        for line in stream:
            answers.put(line.strip())
        answers.put(b"")

    def answer(self, seconds):
        """Returns the next line, b"" at the end, None if none comes."""
        try:
            return self.answers.get(timeout=seconds)
        except queue.Empty:
            return None

    def examine(self, request):
        """Returns the evidence on a module, or why there is none."""
        running = self.process and self.process.poll() is None
        if not running and not self.start():
            cause = last_line(Path(self.folder.name))
            self.stop()
            return {"cause": f"Python could not be started: {cause}"}
        with tempfile.TemporaryDirectory(
                prefix="check-", ignore_cleanup_errors=True) as folder:
            line = json.dumps({**request, "folder": folder})
            try:
                self.process.stdin.write(f"{line}\n".encode())
                answer = self.answer(PATIENCE * request["seconds"])
            except OSError:  # a pipe that is broken
                answer = b""
            if not answer:  # it is busy for ever, or gone
                self.stop()
            if answer is None:
                return {"cause": TIME_LIMIT}
            return read(Path(folder), int(answer or 1))

    def stop(self, busy=True):
        """Ends it: at the end of its requests, or with all in its group."""
        if self.process is None:
            return
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if busy else 10)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError, PermissionError):
            self.process.kill()
        self.process.wait()
        self.folder.cleanup()
        self.process = None


def last_line(folder):
    """Returns the last line that was printed in a folder."""
    lines = (folder / "printed").read_text(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def read(folder, status):
    """Reads the evidence in a folder, or finds out why there is none."""
    path = folder / "evidence.json"
    try:
        # Neither a link to somewhere else, nor a pipe that never ends.
        text = path.read_text() if stat.S_ISREG(path.lstat().st_mode) else ""
        evidence = json.loads(text)
        if isinstance(evidence, dict) and all(
                isinstance(evidence.get(name, kind()), kind)
                for name, kind in KINDS.items()):
            return evidence
    except (OSError, ValueError, RecursionError):
        pass
    too_long = int(getattr(signal, "SIGXCPU", 0))
    if status in (-too_long, 128 + too_long):
        return {"cause": TIME_LIMIT}
    if status == 0:
        return {"cause": "it ended Python before it was examined "
                         "(os._exit?)"}
    return {"cause": f"Python ended with status {status}: "
                     f"{last_line(folder)}"}
