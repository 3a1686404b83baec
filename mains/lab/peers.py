"""What the processes of one training tell each other, and how they end.

JAX notices late that another process has ended, or aborts with a stack trace.
So each process keeps a connection to the first one, from its start until the
training is over: whatever ends one of them ends all, with its message.
"""
import contextlib
import json
import os
import socket
import sys
import threading
import traceback
from pathlib import Path

from lab import links
from lab.errors import InputError

PREFIX = "KERAS_DISTRIBUTION_"

# Seconds: until all processes must have started, until a note says which have
# not, and for which one that ends waits until the others know.
START, NOTE, END = 300, 10, 10

team = None  # the `Team` of this process, if it is one of several


def meet():
    """Gets in touch with the other processes, if the environment names any.

    Raises:
        InputError: If the environment is incomplete, or the first process
            cannot listen at its address.
    """
    global team
    said = {name: os.environ.get(PREFIX + name) for name in (
        "JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")}
    if not any(said.values()):
        return
    try:
        number, count = int(said["PROCESS_ID"]), int(said["NUM_PROCESSES"])
        host, port = said["JOB_ADDRESSES"].split(",")[0].rsplit(":", 1)
        if not (host and 0 < int(port) < 2 ** 16 and 0 <= number < count):
            raise ValueError
    except (AttributeError, TypeError, ValueError):
        raise InputError(
            f"Unusable {PREFIX} variables. Expected JOB_ADDRESSES, the first "
            "process's HOST:PORT, NUM_PROCESSES, and PROCESS_ID, of 0 to one "
            f"less. Received: {said}") from None
    # Else JAX takes the signal to end as a hint, and goes on.
    os.environ["JAX_ENABLE_PREEMPTION_SERVICE"] = "false"
    if count > 1:
        team = Team(number, count, host.strip("[]"), int(port))


def tell(message):
    """Tells the other processes, if there are any, why this one ends."""
    if team:
        line = " ".join(message.split())
        team.end(f"Process {team.number} has ended: {line}", own=True)


@contextlib.contextmanager
def ending_together():
    """Ends all processes where this one ends before the training is over."""
    try:
        yield
        if team and not team.left:
            sys.exit()  # the others would wait for it
    except BaseException as error:
        if not team or team.left:
            raise
        team.stop(error)


class Team:
    """The processes of one training, as one of them sees them.

    The first one listens; each other one connects to it. They send a line of
    JSON for each of: the settings that one is ready to train with, the sign
    to go on that the first one then gives, the message that all are to end
    with, and that the training is over.

    Args:
        number: Integer. Of this process, from 0.
        count: Integer. Of all processes.
        host: String. Where the first one listens.
        port: Integer.
    """

    def __init__(self, number, count, host, port):
        self.number, self.count = number, count
        self.host, self.port = host, port
        self.others = set(range(1, count)) if number == 0 else {0}
        # What was received of each other process, and those that are gone.
        self.links, self.heard, self.closed = {}, {}, set()
        self.message, self.own, self.left = None, False, False
        self.changed = threading.Condition()
        if number == 0:
            try:
                self.server = links.listen(port)
            except OSError as error:
                raise InputError(
                    f"Could not listen at port {port}: {error.strerror}. "
                    f"Expected a free port in {PREFIX}JOB_ADDRESSES. Choose "
                    "another.") from None
        links.in_background(self.accept if number == 0 else self.connect)
        links.in_background(self.guard)

    def accept(self):
        """Lets the other processes connect to the first one."""
        while True:
            link, _ = self.server.accept()
            links.in_background(self.attend, link)

    def connect(self):
        """Connects to the first process, as soon as it listens."""
        link = links.reach(self.host, self.port)
        links.send(link, self.number)
        self.attend(link, 0)

    def attend(self, link, other=None):
        """Hears what another process says, until its end."""
        links.watch(link)
        with link, contextlib.suppress(OSError, ValueError), link.makefile(
                encoding="utf-8") as lines:
            if other is None:
                other = int(lines.readline())
            with self.changed:
                if other not in self.others or other in self.links:
                    links.send(link, {
                        "end": "The first process trains without this process "
                               f"{other}. Expected one each of 1 to "
                               f"{self.count - 1}."})
                    return
                self.links[other], self.heard[other] = link, {}
                if self.message:  # too late to train
                    self.dismiss(link)
                self.changed.notify_all()
            for line in lines:
                said = json.loads(line)
                if "end" in said:
                    self.end(said["end"])
                with self.changed:
                    self.heard[other] |= said
                    self.changed.notify_all()
        if other in self.links:
            with self.changed:
                self.closed.add(other)
                self.changed.notify_all()
            if "left" not in self.heard[other]:
                self.end(f"Process {other} is gone.")

    def end(self, message, own=False):
        """Has all processes end, with the first message that there is."""
        with self.changed:
            if self.message or self.left:
                return
            self.message, self.own = message, own
            for link in self.links.values():
                self.dismiss(link)
            self.changed.notify_all()

    def dismiss(self, link):
        """Passes the message on to another process, and nothing more."""
        links.send(link, {"end": self.message})
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_WR)

    def guard(self):
        """Ends this process when another one has ended."""
        self.wait(lambda: self.message)
        if not self.own:
            print(f"{Path(sys.argv[0]).name}: error: {self.message}",
                  file=sys.stderr, flush=True)
            self.exit(1)

    def stop(self, error):
        """Ends this process as an exception would, and the others with it."""
        if isinstance(error, SystemExit):
            tell("Nothing was trained.")
        else:
            # Perhaps only because another process is gone: that counts more.
            self.wait(lambda: self.message, 2)
            tell(f"{type(error).__name__}: {error}")
        if not self.own:
            threading.Event().wait()  # for `guard`
        code = error.code if isinstance(error, SystemExit) else 1
        if not isinstance(error, SystemExit):
            traceback.print_exception(error)
        elif isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
        self.exit(code or 0)

    def exit(self, status):
        """Ends this process once the others know why, and before JAX does."""
        try:
            self.wait(lambda: self.closed >= self.others, END)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:  # also where Ctrl-C comes again
            os._exit(status)

    def leave(self):
        """Says that the training is over: from now on each ends alone."""
        with self.changed:
            self.left = True
            for link in self.links.values():
                links.send(link, {"left": True})

    def wait(self, condition, seconds=None):
        """Waits for what others may change; returns whether it came."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def agree(self, settings, sign):
        """Waits until all processes are ready to train.

        Args:
            settings: Dictionary, of what must be the same in all of them.
            sign: Dictionary, of what the others must know of the first one.

        Returns:
            The first process's `sign`.

        Raises:
            InputError: If settings differ, or a process does not start.
        """
        self.gather()
        if self.number > 0:
            links.send(self.links[0], {"ready": settings})
            self.wait(lambda: "go" in self.heard[0])
            return self.heard[0]["go"]
        self.wait(lambda: all(
            "ready" in self.heard[other] for other in self.others))
        settings = json.loads(json.dumps(settings))
        for other in self.others:
            theirs = self.heard[other]["ready"]
            for name in {**settings, **theirs}:
                if settings.get(name) != theirs.get(name):
                    raise InputError(
                        "The processes do not train the same. Expected "
                        f"{name} {settings.get(name)}, as in process 0. "
                        f"Received: {theirs.get(name)} in process {other}")
        for link in self.links.values():
            links.send(link, {"go": sign})
        return sign

    def gather(self):
        """Waits until all processes that this one talks to have started."""
        for start, seconds in (NOTE, NOTE), (START, START - NOTE):
            if self.wait(lambda: self.links.keys() >= self.others, seconds):
                return
            absent = ", ".join(map(str, self.others - self.links.keys()))
            print(f"No sign of process {absent} at {self.host}:{self.port} "
                  f"for {start} s", file=sys.stderr)
        raise InputError(
            f"Too few processes. Expected all {self.count} to be started. "
            f"Received: nothing from process {absent} for {START} s")
