"""`./souk up --watch`: the open shop becomes what the files say, each time one is saved."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import watchfiles

from cli.say import note
from infra.rehearsal import WouldNotStart, rehearse
from infra.swap import with_code_as_it_is
from infra.synth import openapi_path, synthesize
from local import people
from local.cloud import STACK
from local.process import last_line
from local.shop import Running, Shop, ShopError

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "src", ROOT / "infra")
STILL = 50  # milliseconds without a change end a save: some editors move files about
TICK = 200  # milliseconds from one look at what is under way to the next
SYNTHESIS = (sys.executable, "-P", "-m", "cli", "synth")


def watch(shop: Shop, goes_on: Callable[[], bool]) -> None:
    """Follow the files for as long as the open shop `goes_on`.

    Changed code runs at once. Whether it also shapes the template only a synthesis can tell,
    which follows in the background; a change of the template is deployed then.
    """
    following = _Following(shop, synthesize(note))
    try:
        for number, files in enumerate(_saves()):
            if not goes_on():
                return
            if files is not None:
                following.changed(files)
            following.look()
            if number == 0:
                note("Following src and infra: save a file, and the shop follows.")
    finally:
        following.end()


def _saves() -> Iterator[set[Path] | None]:
    """The files that were saved, each time; None when there was nothing for a while."""
    yields = watchfiles.watch(
        *FOLDERS, debounce=400, step=STILL, rust_timeout=TICK, yield_on_timeout=True
    )
    yield {Path(name) for _, name in next(yields)}  # the files may be newer than what was opened
    for changes in yields:
        yield {Path(name) for _, name in changes} or None


class _Following:
    """What the shop runs, and what is being made for it."""

    def __init__(self, shop: Shop, assembly: Path) -> None:
        self._shop = shop
        self._whole = assembly  # the last that was synthesized and deployed as it is
        self._live = _template(assembly)  # what is deployed: that, or that with other code
        self._synthesis: subprocess.Popen[str] | None = None
        self._saved: set[Path] = set()  # since that assembly was
        self._missed = True  # what was saved before anybody looked, which may be anything
        self._since = time.monotonic()
        shop.renew(assembly, openapi_path(assembly))

    def changed(self, files: set[Path]) -> None:
        """Let the code as it is now run, and have the template made anew."""
        self._since = time.monotonic()
        self._saved |= files
        if self._synthesis is not None:
            self._synthesis.terminate()  # its processor time is the code's now
        os.utime(self._whole)  # among those that are kept
        try:
            self._swap_code()
        except FileNotFoundError:
            return  # saved again meanwhile: that is told next
        except (WouldNotStart, ShopError) as error:
            if not (self._missed or any(map(_describes_resources, self._saved))):
                _refuse(error)
                return
            # what the code misses may be in the template to come
        finally:
            self.end()
        self._synthesis = subprocess.Popen(
            SYNTHESIS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def look(self) -> None:
        """Deploy what was synthesized, if it is ready."""
        if self._synthesis is None or self._synthesis.poll() is None:
            return
        made, self._synthesis = self._synthesis, None
        try:
            self._complete(_assembly(made))
        except (WouldNotStart, ShopError) as error:
            self._take_back()
            _refuse(error)

    def end(self) -> None:
        """Give up the synthesis under way."""
        if self._synthesis is not None:
            self._synthesis.terminate()
            self._synthesis.communicate()
            self._synthesis = None

    def _swap_code(self) -> None:
        with TemporaryDirectory(prefix="watch-", dir=self._shop.state / "tmp") as folder:
            changed = with_code_as_it_is(self._whole, STACK, Path(folder))
            if changed is None:
                self._take_back()
            elif _template(changed) != self._live:
                rehearse(changed, STACK)
                self._deploy(changed, openapi_path(self._whole))
                self._tell("The changed code runs")

    def _complete(self, assembly: Path) -> None:
        shapes = _template(assembly) != self._live
        if shapes:
            rehearse(assembly, STACK)
        if assembly != self._whole:
            people.ensure(self._deploy(assembly, openapi_path(assembly)))
            self._whole = assembly
        if shapes:
            self._tell("The changed template is deployed")
        elif self._saved:
            self._tell("The template stays the same")
        self._saved.clear()
        self._missed = False

    def _take_back(self) -> None:
        if _template(self._whole) != self._live:
            self._deploy(self._whole, openapi_path(self._whole))
            self._tell("The code from before runs again")

    def _deploy(self, assembly: Path, openapi: Path) -> Running:
        running = self._shop.renew(assembly, openapi)
        self._live = _template(assembly)
        return running

    def _tell(self, what: str) -> None:
        note(f"{what} ({time.monotonic() - self._since:.1f} s).")


def _assembly(synthesis: subprocess.Popen[str]) -> Path:
    made, said = synthesis.communicate()
    if synthesis.returncode:
        raise ShopError(last_line(said).removeprefix("Error: "))
    return Path(last_line(made))


def _describes_resources(file: Path) -> bool:
    return file.name == "infra.py" or file.is_relative_to(ROOT / "infra")


def _template(assembly: Path) -> str:
    return (assembly / f"{STACK}.template.json").read_text()


def _refuse(error: Exception) -> None:
    note(f"Not taken over: {error}\nThe shop goes on as it was.")
