"""A process that imports Keras once, and forks for each module.

It reads requests, a line of JSON each, and answers with a line when evidence
lies in the request's folder. Where it may not fork, it ends after the first.
"""
import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from . import confinement, evidence

FORKS = sys.platform == "linux"  # elsewhere threads do not survive it


def main():
    """Answers requests until there are no more."""
    import keras  # noqa: F401  Before a module could change it.
    # What is there now need never be looked through again.
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w")
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork() if FORKS else 0
        if child:
            _, status = os.waitpid(child, 0)
            status = status >> 8 or -(status & 127)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
        else:
            if FORKS:
                answers.close()
                os.setpgid(0, 0)
            examine(request)
            status = 0
        print(status, file=answers, flush=True)
        if not FORKS:
            break


def examine(request):
    """Examines a module, in a process that ends with it."""
    folder = request["folder"]
    printed = os.open(os.path.join(folder, "printed"),
                      os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for place, source in enumerate((nothing, printed, printed)):
        os.dup2(source, place)
    os.chdir(folder)
    os.environ.update(dict.fromkeys(
        ("HOME", "TMPDIR", "MPLCONFIGDIR"), folder))
    tempfile.tempdir = None
    if FORKS:
        gc.disable()  # it will not live long
        confinement.alone()
    path = Path(request["path"])
    try:
        compile(path.read_bytes(), path, "exec")
    except (OSError, SyntaxError, ValueError) as error:
        found = {"cause": evidence.useful(error)}
    else:
        confinement.confine(folder, request["seconds"])
        found = evidence.examine(path, request)
    Path(folder, "evidence.json").write_text(json.dumps(found))
    if FORKS:
        sys.stdout.flush()
        os._exit(0)
