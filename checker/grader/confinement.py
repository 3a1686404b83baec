"""What a process gives up before it runs code that nobody has read.

Writing is confined to one folder by Landlock, which Linux has had since 5.13:
a process gives rights up, for itself and for all that it starts, and cannot
take them back. The network is cut off by a namespace of its own, where users
may make one, else Landlock forbids TCP (since Linux 6.7). Elsewhere an audit
hook of Python stands in for both: it stops accidents, not attacks.
"""
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

MEMORY = 16 * 2 ** 30  # bytes
FILE_SIZE = 64 * 2 ** 20  # bytes
# The shell is there because signals do not end a namespace's first process.
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--pid",
              "--fork", "--kill-child", "sh", "-c", '"$@"; exit $?', "sh"]
OWN_PROCESSES = 0x20000000  # CLONE_NEWPID, from linux/sched.h
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, from linux/prctl.h

# Landlock's numbers, from linux/landlock.h; the calls have no C function.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
# All ways of changing files: write, remove, make, rename, truncate.
WRITE_FILE, CHANGES = 1 << 1, 1 << 1 | sum(1 << bit for bit in range(4, 15))
TCP = 1 << 0 | 1 << 1


class Ruleset(ctypes.Structure):
    """What a process gives up: struct landlock_ruleset_attr."""

    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64)]


class Beneath(ctypes.Structure):
    """What is allowed in a folder: struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def landlock_version():
    """Returns Landlock's version, 0 where it cannot do what is needed."""
    if sys.platform != "linux":
        return 0
    version = ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, 1)
    return version if version >= 3 else 0  # 3 knows of truncating


def landlock(folder, version):
    """Gives up all writing outside a folder, and TCP, for ever."""
    system = ctypes.CDLL(None, use_errno=True)
    rules = Ruleset(CHANGES, TCP if version >= 4 else 0)
    ruleset = system.syscall(
        CREATE_RULESET, ctypes.byref(rules),
        ctypes.sizeof(rules) if version >= 4 else 8, 0)
    for path, allowed in ((folder, CHANGES), ("/dev/null", WRITE_FILE)):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = Beneath(allowed, opened)
        system.syscall(ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        os.close(opened)
    system.prctl(38, 1, 0, 0, 0)  # no new privileges, which Landlock wants
    if system.syscall(RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "Landlock refuses")


def audit(folder):
    """Refuses writing outside a folder and connecting, within Python only."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

    def refuse(event, arguments):
        if event == "open" and isinstance(arguments[0], str):
            path, mode, flags = arguments
            path = os.path.realpath(path)
            if flags & writing and path != os.devnull and (
                    os.path.commonpath([path, folder]) != str(folder)):
                raise PermissionError(f"Writing is refused: {path}")
        elif event in ("socket.connect", "socket.bind", "subprocess.Popen",
                       "os.system", "os.exec", "os.remove", "os.rename",
                       "os.rmdir", "shutil.rmtree"):
            raise PermissionError(f"Refused here: {event}")

    sys.addaudithook(refuse)


def limits(seconds):
    """Bounds memory, processor time and the size of files, on Unix."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, most in ((resource.RLIMIT_CORE, 0),
                        (resource.RLIMIT_FSIZE, FILE_SIZE),
                        (resource.RLIMIT_DATA, MEMORY)):
        resource.setrlimit(limit, (most, most))
    # The first ends it with a signal that tells why, the second for certain.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def confine(folder, seconds):
    """Confines this process to a folder, as far as the system can."""
    limits(seconds)
    version = landlock_version()
    if version:
        landlock(folder, version)
    if version < 4:
        audit(Path(folder).resolve())


def strength(isolate):
    """Says by what writing and the network are refused here."""
    version = landlock_version()
    return {"writing": "the kernel" if version else "Python only",
            "network": "the kernel" if isolate else
            "the kernel, TCP only" if version >= 4 else "Python only"}


def namespaces():
    """Returns the command that cuts the network off, if it works here."""
    try:
        works = subprocess.run(
            [*NAMESPACES, "true"], capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return NAMESPACES if works.returncode == 0 else []


def alone():
    """Goes on in a child whose own children all end when it does.

    A namespace's first process takes all others with it; and as no signal
    ends that first one, the module runs in its child. Without namespaces the
    kernel ends the child when this process ends, and no more than that.
    """
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if system.unshare(OWN_PROCESSES):
        return
    for _ in range(2):
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            os._exit(status >> 8 or 128 * bool(status) + (status & 127))
        system.prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
