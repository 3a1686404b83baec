"""Examines the modules of students, several at the same time."""
import concurrent.futures
import os
import re
import threading

from . import case, processes, promises
from .hints import hint

KEPT, BROKEN, NOT_RUN = 0, 1, 2
# What Keras 3 says where it misses what Keras 2 had.
OLD = re.compile(
    r"KerasTensor cannot be used as input to a TensorFlow function|"
    r"keras\S* has no attribute|No module named '(tensorflow\.)?keras\.\w+'|"
    r"cannot import name '\w+' from '(tensorflow\.)?keras\S*|"
    r"Cannot convert '\d+' to a shape")


class Examiner:
    """Asks processes for evidence, and judges it."""

    def __init__(self, arguments, isolate):
        """Takes the command line's arguments, and what cuts networks off."""
        self.arguments, self.isolate = arguments, isolate
        self.mine, self.servers = threading.local(), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop(busy=False)

    def all(self, students):
        """Yields each student with the reports on their modules."""
        with concurrent.futures.ThreadPoolExecutor(
                self.arguments.jobs) as pool:
            # In the order of the modules, so that nobody waits for long.
            waiting = [(student, {
                name: pool.submit(self.examine, student.folder, name)
                for name in student.modules}) for student in students]
            for student, reports in waiting:
                yield student, {name: report.result()
                                for name, report in reports.items()}

    def server(self, python):
        """Returns this thread's process for a Python."""
        servers = self.mine.__dict__
        if python not in servers:
            servers[python] = processes.Server(python, self.isolate)
            self.servers.append(servers[python])
        return servers[python]

    def once(self, folder, name, python):
        """Examines one module in a process of its own; returns a report."""
        request = case.request(name, self.arguments.seed)
        path = os.path.abspath(os.path.join(folder, f"{name}.py"))
        evidence = self.server(python).examine({
            **request, "path": path, "seconds": self.arguments.timeout})
        cause = evidence.get("cause", "")
        error = cause or next(iter(evidence.get("errors", {}).values()), "")
        report = {"status": NOT_RUN, "promises": [],
                  "keras": promises.printable(evidence.get("keras", "")),
                  "error": promises.printable(error),
                  "likely": hint(error), "note": ""}
        if cause:
            return report
        results = promises.judge(name, request, evidence)
        bad = {"broken", *["arguable"] * self.arguments.strict}
        broken = any(result.state in bad and not result.beyond
                     for result in results)
        return {**report, "status": BROKEN if broken else KEPT,
                "promises": [result._asdict() for result in results]}

    def examine(self, folder, name):
        """Examines a module; with Keras 2 as well, if it needs that."""
        report = self.once(folder, name, self.arguments.python)
        error = report["error"]
        if not error or error.startswith(("SyntaxError",
                                          processes.TIME_LIMIT)):
            return report
        old = OLD.search(error) and "runs" not in {
            line["name"].rpartition(".")[2] for line in report["promises"]
            if line["state"] == "broken"}
        if self.arguments.keras2:
            older = self.once(folder, name, self.arguments.keras2)
            # Where both fail, the error of the one it was written for counts.
            if old or not older["error"]:
                return {**older, "note": "written for Keras 2: with a newer "
                        f"one it ends with {error}"}
        elif old:
            return {**report, "status": NOT_RUN, "promises": [], "note": (
                "it seems to be written for Keras 2, which is not here: "
                "make compat-keras2, or --keras2")}
        return report
