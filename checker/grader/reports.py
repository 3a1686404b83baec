"""Writes what was found: for a person, a program or another grader."""
import csv
import io
import json
import xml.etree.ElementTree as xml

from . import points, students
from .examiner import NOT_RUN

GOOD = "kept", "arguable"


def summary(student, modules, missing, expected, names, arguments):
    """Returns what is known of a student, points among it."""
    good = GOOD[:1] if arguments.strict else GOOD
    worth = points.share(arguments.points, [
        promise for name in names for promise in points.named(name)])
    kept = {line["name"] for report in modules.values()
            for line in report["promises"] if line["state"] in good}
    for report in modules.values():
        for line in report["promises"]:
            line["of"] = round(worth.get(line["name"], 0), 4)
            line["points"] = line["of"] * (line["name"] in kept)
    status = max((report["status"] for report in modules.values()),
                 default=NOT_RUN)
    return {
        "name": student.name, "folder": student.folder,
        "status": NOT_RUN if missing and expected else status,
        "points": round(sum(worth[name] for name in kept & set(worth)), 2),
        "of": round(sum(worth.values()), 2),
        "missing": missing, "modules": modules}


def task(report):
    """Returns the promises of the task, without those beyond it."""
    return [line for line in report["promises"] if not line["beyond"]]


def cell(student, name):
    """Returns what the table says of a module."""
    if name not in student["modules"]:
        return "absent" if name in student["missing"] else ""
    report = student["modules"][name]
    if not report["promises"]:
        return "not run" + "*" * bool(report["note"])
    kept = sum(line["state"] in GOOD for line in task(report))
    arguable = any(line["state"] == "arguable" for line in task(report))
    return (f"{kept}/{len(task(report))}" + "?" * arguable
            + "*" * bool(report["note"]))


def line(student):
    """Returns a line on a student."""
    cells = [f"{name} {cell(student, name)}"
             for name in students.TASKS.values() if cell(student, name)]
    return ", ".join([f"{student['name']}: {score(student)}", *cells])


def score(student):
    """Returns a student's points, of how many."""
    return f"{student['points']:g} of {student['of']:g} points"


def reason(line):
    """Returns what is known of a promise that is not kept."""
    return "; ".join([
        *(f"{what}: {line[what]}" for what in ("expected", "found", "likely")
          if line[what]), *[line["note"]] * bool(line["note"])])


def text(report):
    """Returns the report on one student, or a table of a class."""
    found = report["students"]
    rows = [one(found[0])] if len(found) == 1 else [table(found), notes(found)]
    refused = report["refused_by"]
    count = sum(len(student["modules"]) for student in found)
    return "\n".join([*rows, "", (
        f"{count} modules of {len(found)} students in {report['seconds']} s, "
        f"{report['processor']} s of the processor."), (
        f"Refused: writing outside a temporary folder (by "
        f"{refused['writing']}), the network (by {refused['network']}). "
        f"To repeat this: --seed {report['seed']}")])


def one(student):
    """Returns all that is known of a student."""
    rows = []
    for name, report in student["modules"].items():
        rows += ["", f"{name}.py" + f" (Keras {report['keras']})" * bool(
            report["keras"])]
        rows += [f"  {report['note']}"] * bool(report["note"])
        if not report["promises"]:
            rows += unrun(report)
            continue
        for line in task(report):
            rows += promise(line)
        kept = sum(line["state"] in GOOD for line in task(report))
        rows += [f"  {kept} of {len(task(report))} promises kept",
                 "  beyond the task, never a failure:"]
        for line in report["promises"]:
            rows += promise(line) * line["beyond"]
    if student["missing"]:
        rows += ["", "not there: " + ", ".join(
            f"{name}.py" for name in student["missing"])]
    return "\n".join([*rows, "", score(student)])


def unrun(report):
    """Returns lines on a module that could not be run."""
    return [f"  could not be run: {report['error']}",
            *[f"  likely: {report['likely']}"] * bool(report["likely"])]


def promise(line):
    """Returns lines on one promise, with what is known if it is broken."""
    state = line["state"].upper() if line["state"] == "broken" else (
        line["state"])
    note = f" ({line['note']})" * bool(line["note"])
    return [f"  {state:12}  {line['name']}: {line['text']}{note}", *(
        f"{'':18}{what}: {line[what]}"
        for what in ("expected", "found", "likely") if line[what])]


def table(found):
    """Returns a table of students and modules."""
    names = [name for name in students.TASKS.values()
             if any(cell(student, name) for student in found)]
    rows = [["student", *names, "points"], *(
        [student["name"], *(cell(student, name) for name in names),
         f"{student['points']:g}"] for student in found)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(["", *("  ".join(
        value.ljust(width) if place == 0 else value.rjust(width)
        for place, (value, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)])


def notes(found):
    """Returns what is behind the table: a line for each thing amiss."""
    rows = []
    for student in found:
        for name, report in student["modules"].items():
            where = f"{student['name']}: {name}"
            if report["note"]:
                rows.append(f"* {where}: {report['note']}")
            if not report["promises"]:
                rows += [f"{where}:{row}" for row in unrun(report)]
            for line in task(report):
                if line["state"] == "broken":
                    rows.append(f"{where}: {line['name']}: {reason(line)}")
                elif line["state"] == "arguable":
                    rows.append(f"? {where}: {line['name']}: {reason(line)}")
    return "\n".join(["", *rows])


def as_json(report):
    """Returns everything, as one JSON object."""
    return json.dumps(report, indent=2)


COLUMNS = ("student", "module", "promise", "state", "points", "of", "beyond",
           "expected", "found", "likely", "note")


def as_csv(report):
    """Returns a row for each promise, and for each module that has none."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, restval="",
                            extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for student in report["students"]:
        for name, module in student["modules"].items():
            row = {"student": student["name"], "module": name}
            if not module["promises"]:
                writer.writerow({**row, "state": "not run", "found": module[
                    "error"], "likely": module["likely"],
                    "note": module["note"]})
            for line in module["promises"]:
                writer.writerow({**row, **line, "promise": line["name"],
                                 "note": line["note"] or module["note"]})
        for name in student["missing"]:
            writer.writerow({"student": student["name"], "module": name,
                             "state": "absent"})
    return written.getvalue().rstrip("\n")


def as_junit(report):
    """Returns JUnit's XML: a suite for each module, a case for each promise.

    What is beyond the task, not examined or arguable never fails.
    """
    root = xml.Element("testsuites")
    for student in report["students"]:
        suites = {name: list(cases(module))
                  for name, module in student["modules"].items()}
        absent = "error" if student["status"] == NOT_RUN else "skipped"
        for name in student["missing"]:
            suites[name] = [("there", absent, "absent")]
        for name, found in suites.items():
            title = f"{student['name']}.{name}"
            kinds = [kind for _, kind, _ in found]
            suite = xml.SubElement(
                root, "testsuite", name=title, tests=str(len(found)),
                failures=str(kinds.count("failure")),
                errors=str(kinds.count("error")),
                skipped=str(kinds.count("skipped")))
            for case, kind, message in found:
                test = xml.SubElement(suite, "testcase", name=case,
                                      classname=title)
                if kind:
                    more = {} if kind == "skipped" else {"message": message}
                    xml.SubElement(test, kind, **more).text = message
    xml.indent(root)
    return xml.tostring(root, encoding="unicode")


def cases(module):
    """Yields for each promise its name, what JUnit calls it, and why."""
    if not module["promises"]:
        yield "runs", "error", "; ".join(filter(None, (
            module["error"], module["likely"], module["note"])))
    for line in module["promises"]:
        kind = {"kept": "", "broken": "failure"}.get(line["state"], "skipped")
        if line["beyond"] and kind:
            kind = "skipped"
        yield line["name"], kind, f"{line['state']}: {reason(line)}"


def as_gradescope(report):
    """Returns Gradescope's results.json; of a class, one for each student."""
    found = {student["name"]: gradescope(student)
             for student in report["students"]}
    return json.dumps(found if len(found) > 1 else next(iter(found.values())),
                      indent=2)


def gradescope(student):
    """Returns one student's results as Gradescope reads them."""
    tests = []
    for name, module in student["modules"].items():
        if not module["promises"]:
            tests.append({"name": f"{name}.py", "status": "failed",
                          "output": "\n".join(unrun(module))})
        for line in module["promises"]:
            kept = line["state"] in GOOD
            tests.append({
                "name": f"{name}: {line['text']}", "output": (
                    f"{line['state']}. {reason(line)}".strip()),
                "visibility": "visible", **({} if line["beyond"] else {
                    "score": line["points"], "max_score": line["of"],
                    "status": "passed" if kept else "failed"})})
    tests += [{"name": f"{name}.py", "output": "absent", "status": "failed"}
              for name in student["missing"]]
    return {"score": student["points"], "output": score(student),
            "visibility": "visible", "tests": tests}


FORMATS = {"text": text, "json": as_json, "csv": as_csv, "junit": as_junit,
           "gradescope": as_gradescope}
