"""`./souk up --watch`: updates the running shop whenever a file of src or infra is saved."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import watchfiles

from cli.output import note
from infra.code_update import update_code
from infra.import_check import ImportCheckFailed, check_imports
from infra.synth import openapi_path, synthesize
from local import demo_users
from local.cloud import STACK
from local.process import last_line
from local.shop import RunningShop, Shop, ShopError

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "src", ROOT / "infra")
DEBOUNCE_MS = 400  # longest time to collect the changes of one save
QUIET_MS = 50  # a save ends after this long without a change: some editors also move files
POLL_MS = 200  # pause between two checks of the background synthesis
SYNTH_COMMAND = (sys.executable, "-P", "-m", "cli", "synth")


def watch_files(shop: Shop, is_running: Callable[[], bool]) -> None:
    """Update the shop at each save, for as long as it `is_running`.

    Changed code is deployed at once, without a synthesis. Whether the change also affects the
    template, only a synthesis can tell: one runs in the background after each save, and a changed
    template is deployed when it is done.
    """
    updater = _Updater(shop, synthesize(note))
    try:
        for number, files in enumerate(_saved_files()):
            if not is_running():
                return
            if files is not None:
                updater.deploy_saved_code(files)
            updater.poll_synthesis()
            if number == 0:
                note("Watching src and infra. Saved changes are deployed.")
    finally:
        updater.cancel_synthesis()


def _saved_files() -> Iterator[set[Path] | None]:
    """The files of each save; None when nothing was saved for POLL_MS."""
    batches = watchfiles.watch(
        *FOLDERS, debounce=DEBOUNCE_MS, step=QUIET_MS, rust_timeout=POLL_MS, yield_on_timeout=True
    )
    # the first batch is never None: the files may be newer than the deployed code
    yield {Path(name) for _, name in next(batches)}
    for changes in batches:
        yield {Path(name) for _, name in changes} or None


class _Updater:
    """Deploys changed code and changed templates, and returns to the last good state on errors."""

    def __init__(self, shop: Shop, assembly: Path) -> None:
        self._shop = shop
        self._assembly = assembly  # the last one that was synthesized and deployed unchanged
        self._deployed = _template(assembly)  # the template of _assembly, or that with newer code
        self._synthesis: subprocess.Popen[str] | None = None
        self._saved: set[Path] = set()  # files saved since _assembly was synthesized
        self._may_have_missed_saves = True  # until the first synthesis: files may be newer
        self._saved_at = time.monotonic()
        shop.deploy(assembly, openapi_path(assembly))

    def deploy_saved_code(self, files: set[Path]) -> None:
        """Deploy the code as it is now and start a synthesis in the background."""
        self._saved_at = time.monotonic()
        self._saved |= files
        if self._synthesis is not None:
            self._synthesis.terminate()  # outdated; frees the processor for the deployment
        os.utime(self._assembly)  # keeps it in the synthesis cache
        try:
            self._deploy_code()
        except FileNotFoundError:
            return  # a file was saved again meanwhile: another save follows
        except (ImportCheckFailed, ShopError) as error:
            if not (self._may_have_missed_saves or any(map(_affects_template, self._saved))):
                _report_failure(error)
                return
            # the code may need a resource of the new template: wait for the synthesis
        finally:
            self.cancel_synthesis()
        self._synthesis = subprocess.Popen(
            SYNTH_COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def poll_synthesis(self) -> None:
        """Deploy the synthesized template if the synthesis has ended."""
        if self._synthesis is None or self._synthesis.poll() is None:
            return
        ended, self._synthesis = self._synthesis, None
        try:
            self._deploy_template(_synthesized_assembly(ended))
        except (ImportCheckFailed, ShopError) as error:
            self._roll_back()
            _report_failure(error)

    def cancel_synthesis(self) -> None:
        if self._synthesis is not None:
            self._synthesis.terminate()
            self._synthesis.communicate()
            self._synthesis = None

    def _deploy_code(self) -> None:
        with TemporaryDirectory(prefix="watch-", dir=self._shop.state / "tmp") as folder:
            changed = update_code(self._assembly, STACK, Path(folder))
            if changed is None:
                self._roll_back()
            elif _template(changed) != self._deployed:
                check_imports(changed, STACK)
                self._deploy(changed, openapi_path(self._assembly))
                self._report("The changed code is deployed")

    def _deploy_template(self, assembly: Path) -> None:
        is_changed = _template(assembly) != self._deployed
        if is_changed:
            check_imports(assembly, STACK)
        if assembly != self._assembly:
            demo_users.ensure_exist(self._deploy(assembly, openapi_path(assembly)))
            self._assembly = assembly
        if is_changed:
            self._report("The changed template is deployed")
        elif self._saved:
            self._report("The template is unchanged")
        self._saved.clear()
        self._may_have_missed_saves = False

    def _roll_back(self) -> None:
        """Deploy the last synthesized assembly again, if newer code has replaced its code."""
        if _template(self._assembly) != self._deployed:
            self._deploy(self._assembly, openapi_path(self._assembly))
            self._report("The previous code is deployed again")

    def _deploy(self, assembly: Path, openapi: Path) -> RunningShop:
        running = self._shop.deploy(assembly, openapi)
        self._deployed = _template(assembly)
        return running

    def _report(self, message: str) -> None:
        note(f"{message} ({time.monotonic() - self._saved_at:.1f} s).")


def _synthesized_assembly(synthesis: subprocess.Popen[str]) -> Path:
    """The folder that the ended synthesis printed. Raises ShopError if the synthesis failed."""
    stdout, stderr = synthesis.communicate()
    if synthesis.returncode:
        raise ShopError(last_line(stderr).removeprefix("Error: "))
    return Path(last_line(stdout))


def _affects_template(file: Path) -> bool:
    return file.name == "infra.py" or file.is_relative_to(ROOT / "infra")


def _template(assembly: Path) -> str:
    return (assembly / f"{STACK}.template.json").read_text()


def _report_failure(error: Exception) -> None:
    note(f"Not deployed: {error}\nThe shop keeps running as before.")
