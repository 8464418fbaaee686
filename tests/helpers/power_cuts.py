"""What a power cut may leave of a folder: every file that is written in it is noted, and what has reached the disk.

While something is executed, each file that is opened for writing, renamed or removed, and each folder that is made, is
a moment. On the disk is the content of a file at its last fsync, and the names in a folder at the folder's last fsync.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Names = dict[int, dict[str, int]]
"""What a folder holds: number of each file and folder by name, by number of the folder."""

Tree = dict[str, bytes]
"""Contents by path below the folder; a folder has a slash at the end of its name, and no content."""

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")


@dataclass(frozen=True)
class Moment:
    """What a folder holds just before a write, and what of that is on the disk.

    Attributes:
        event: what is about to happen.
        root: number of the folder itself.
        names: in every folder.
        contents: of every file, by its number.
        synced_names, synced_contents: the same as of the last fsync; what had none is missing.
    """

    event: str
    root: int
    names: Names
    contents: dict[int, bytes]
    synced_names: Names
    synced_contents: dict[int, bytes]

    def dropped(self) -> Tree:
        """Return names and contents as they were synchronised last; everything since then is gone."""
        return dict(self._walk(self.synced_names, lambda number: self.synced_contents.get(number, b"")))

    def zeroed(self) -> Tree:
        """Return all names; what was not synchronised is zeros of the same length."""

        def content(number: int) -> bytes:
            synced, written = self.synced_contents.get(number, b""), self.contents[number]
            return synced + bytes(max(0, len(written) - len(synced)))

        return dict(self._walk(self.names, content))

    def _walk(
        self, names: Names, content: Callable[[int], bytes], folder: int | None = None, prefix: str = ""
    ) -> Iterator[tuple[str, bytes]]:
        for name, number in sorted(names.get(self.root if folder is None else folder, {}).items()):
            if number in self.names:
                yield f"{prefix}{name}/", b""
                yield from self._walk(names, content, number, f"{prefix}{name}/")
            elif number in self.contents:
                yield f"{prefix}{name}", content(number)


class Disk:
    """Notes the moments of one folder; locks are left out, since they end with their holders."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.moments: list[Moment] = []
        sys.addaudithook(self._hook)

    def begin(self, folder: Path) -> None:
        """Note what happens below a folder from now on; what is there has been there for long."""
        folder.mkdir(parents=True, exist_ok=True)
        self.moments, self._open = [], dict[int, int]()
        self._names, self._contents = self._look(folder)

    def end(self) -> list[Moment]:
        """Return the moments since `begin`."""
        self.folder = None
        for descriptor in self._open.values():
            os.close(descriptor)
        return self.moments

    def synced(self, descriptor: int) -> None:
        """Note that a file, or the names of a folder, have reached the disk."""
        folder, number = self.folder, os.fstat(descriptor).st_ino
        if folder is None:
            return
        names, contents = self._look(folder)
        if number in names:
            self._names = {**self._names, number: names[number]}
        elif number in contents:
            self._contents = {**self._contents, number: contents[number]}

    def _look(self, folder: Path) -> tuple[Names, dict[int, bytes]]:
        self.folder = None  # what is done here is nobody's write
        names, contents = Names(), dict[int, bytes]()
        for place, _, files in os.walk(folder):
            below = names[self._keep(Path(place))] = {}
            for path in sorted(Path(place).iterdir()):
                if not path.name.endswith(".lock"):
                    below[path.name] = number = self._keep(path)
                    if path.name in files:
                        contents[number] = path.read_bytes()
        self.folder = folder
        return names, contents

    def _keep(self, path: Path) -> int:
        """Return the number of a file or folder, and keep it open, so that no other one gets its number."""
        number = path.stat().st_ino
        if number not in self._open:
            self._open[number] = os.open(path, os.O_RDONLY)
        return number

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        folder = self.folder
        if folder is None or event not in EVENTS or not isinstance(arguments[0], (str, os.PathLike)):
            return
        path = Path(os.path.abspath(arguments[0]))
        if folder not in path.parents or path.name.endswith(".lock"):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        names, contents = self._look(folder)
        label, root = f"{event} {path.relative_to(folder)}", folder.stat().st_ino
        self.moments.append(Moment(label, root, names, contents, dict(self._names), dict(self._contents)))


def write_tree(folder: Path, tree: Mapping[str, bytes]) -> None:
    """Put a tree in the place of a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in tree.items():
        if name.endswith("/"):
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)


def cut_everywhere(disk: Disk, folder: Path, execute: Callable[[], None], content: Callable[[], Tree]) -> int:
    """Execute something undisturbed, then again after each power cut; return how many different ones there were.

    Args:
        disk: whose moments are noted.
        folder: where it writes.
        execute: does it.
        content: what must be equal at the end.
    """
    disk.begin(folder)
    execute()
    moments = disk.end()
    expected, wrong, seen = content(), [], set()
    for number, moment in enumerate(moments):
        for how, tree in (("dropped", moment.dropped()), ("zeroed", moment.zeroed())):
            state = tuple(sorted(tree.items()))
            if state in seen:
                continue
            seen.add(state)
            write_tree(folder, tree)
            try:
                execute()
            except Exception as error:  # noqa: BLE001 - which cut it was is what has to be known
                wrong.append(f"{number} {moment.event} {how}: {error}")
                continue
            if content() != expected:
                wrong.append(f"{number} {moment.event} {how}")
    if wrong:
        raise AssertionError("\n".join(wrong))
    return len(seen)
