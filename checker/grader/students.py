"""Who handed in what: the folders of one student or of a class."""
import os
from typing import NamedTuple

from . import case

TASKS = {number: name for number, name in enumerate(case.IDEAS)}
COURSE = tuple(TASKS[number] for number in range(4))  # the others are ours


class Student(NamedTuple):
    """A name, a folder, and the modules that lie in it."""

    name: str
    folder: str
    modules: tuple


def modules(folder, names=tuple(case.IDEAS)):
    """Returns which of these modules lie in a folder."""
    return tuple(name for name in names
                 if os.path.isfile(os.path.join(folder, f"{name}.py")))


def below(folder):
    """Finds all folders with modules in a folder, and below it.

    Hidden folders and those with an underscore are none of a student's.
    """
    found = []
    for path, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        if modules(path):
            found.append(path)
            folders.clear()
    return found


def find(folders, names):
    """Returns the students of some folders.

    A folder with modules is a student, any other is a class: each of its
    folders is a student, however deep the modules lie in it, or several, if
    they lie in several places. One without modules is a student as well.
    """
    found = []
    for folder in map(os.fspath, folders):
        members = [] if modules(folder) else sorted(
            entry.path for entry in os.scandir(folder)
            if entry.is_dir() and entry.name[0] not in "._")
        for member in members:
            places = below(member) or [member]
            found += [(label(member) if len(places) == 1 else
                       os.path.relpath(place, folder), place)
                      for place in places]
        if not members:
            found.append((label(folder), folder))
    labels = [name for name, _ in found]
    return [Student(name if labels.count(name) == 1 else folder, folder,
                    modules(folder, names)) for name, folder in found]


def label(folder):
    """Returns the name of a folder, even of `.`."""
    return os.path.basename(os.path.abspath(folder))
