"""./souk makes its environment, once and whole, or says in one sentence why it cannot."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = """
import json, os, sys
from importlib.metadata import distributions

ours = {it.name: it.version for it in distributions() if it.name in ("tiny", "tool")}
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "installed": ours}))
"""

Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The launcher with a command that only tells how it was called; it needs the package tiny."""
    return a_project(tmp_path)


@pytest.fixture(scope="module")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A project in which ./souk ran for the first time, and what was said then."""
    project = a_project(tmp_path_factory.mktemp("first"))
    return project, souk(project, "up", "--port", "1")


@pytest.fixture
def ready(first_use: tuple[Path, Ended], tmp_path: Path) -> Path:
    """A project of its own in which ./souk ran before."""
    shutil.copytree(first_use[0].parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path / first_use[0].name


def a_project(folder: Path) -> Path:
    project = folder / "project"
    (project / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "souk", project)
    for module in ("__init__", "environment", "setting_up"):
        shutil.copy(ROOT / "cli" / f"{module}.py", project / "cli")
    (project / "cli" / "__main__.py").write_text(COMMAND)
    (project / "requirements").mkdir()
    require(project, "run", "tiny", "1.0")
    require(project, "dev", "tool", "1.0")
    return project


def require(project: Path, name: str, package: str, version: str) -> None:
    """Pin a package made for this purpose, and put it where pip is told to look."""
    shelf = project.parent / "shelf"
    shelf.mkdir(exist_ok=True)
    wheel = shelf / f"{package}-{version}-py3-none-any.whl"
    info = f"{package}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = f"{package}=={version} \\\n    --hash=sha256:{digest}\n"
    (project / "requirements" / f"{name}.txt").write_text(lock)


def start(
    project: Path, *arguments: str, souk: str = "project/souk", **pip: str
) -> subprocess.Popen[str]:
    """Start the launcher from the folder above, where pip finds packages on the shelf alone."""
    settings = {"no_index": "1", "find_links": "shelf", "config_file": os.devnull, **pip}
    return subprocess.Popen(
        [sys.executable, souk, *arguments],
        cwd=project.parent,
        env={
            "PATH": os.environ["PATH"],
            **{f"PIP_{name.upper()}": value for name, value in settings.items()},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(started: subprocess.Popen[str]) -> Ended:
    out, err = started.communicate(timeout=100)
    return Ended(started.args, started.returncode, out, err)


def souk(project: Path, *arguments: str, **pip: str) -> Ended:
    return ended(start(project, *arguments, **pip))


def installed(launched: Ended) -> object:
    return json.loads(launched.stdout)["installed"]


def set_up_in(project: Path, before: str) -> Ended:
    """Set up in a Python to which something is done before."""
    code = f"{before}\nfrom cli import setting_up; setting_up.set_up(['run'])"
    return subprocess.run(
        [sys.executable, "-P", "-c", f"import os, sys\nsys.path.insert(0, '{project}')\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )


# --- the environment --------------------------------------------------------------------------


def test_the_first_use_says_what_it_costs_and_then_runs_the_command(
    first_use: tuple[Path, Ended],
) -> None:
    project, launched = first_use

    assert "First use" in launched.stderr
    assert "MB to download" in launched.stderr
    assert "unpacking" in launched.stderr
    assert json.loads(launched.stdout) == {
        "arguments": ["up", "--port", "1"],
        "folder": str(project.parent),
        "installed": {"tiny": "1.0"},
    }


def test_later_uses_are_quiet(ready: Path) -> None:
    launched = souk(ready, "down")

    assert (launched.returncode, launched.stderr) == (0, "")


def test_a_link_to_the_launcher_finds_the_project(ready: Path) -> None:
    (ready.parent / "elsewhere").symlink_to(ready / "souk")

    launched = ended(start(ready, "status", souk="elsewhere"))

    assert (installed(launched), launched.stderr) == ({"tiny": "1.0"}, "")


def test_the_tests_bring_more_tools_the_first_time(ready: Path) -> None:
    first = souk(ready, "--state", "up", "test")
    second = souk(ready, "test", "--all")

    assert "The tests need more tools" in first.stderr
    assert installed(first) == {"tiny": "1.0", "tool": "1.0"}
    assert (second.returncode, second.stderr) == (0, "")


def test_changed_requirements_leave_nothing_of_the_old_ones(ready: Path) -> None:
    souk(ready, "test")
    require(ready, "run", "tiny", "2.0")

    launched = souk(ready, "up")

    assert "out of date" in launched.stderr
    assert installed(launched) == {"tiny": "2.0"}


@pytest.mark.all
@pytest.mark.parametrize("lost", ["installed-run.txt", "bin/python"])
def test_half_an_environment_is_made_anew(ready: Path, lost: str) -> None:
    (ready / ".venv" / lost).unlink()

    launched = souk(ready, "up")

    assert "unfinished" in launched.stderr
    assert installed(launched) == {"tiny": "1.0"}


@pytest.mark.all
def test_of_two_first_uses_at_once_one_sets_up_and_one_waits(project: Path) -> None:
    both = [ended(each) for each in (start(project, "up"), start(project, "down"))]

    assert [installed(each) for each in both] == [{"tiny": "1.0"}] * 2
    said = "".join(each.stderr for each in both)
    assert said.count("First use") == 1
    assert said.count("Another ./souk is setting up") == 1


# --- what stands in the way -------------------------------------------------------------------


def assert_one_sentence(launched: Ended, *words: str) -> None:
    sentence = launched.stderr.splitlines()[-1]
    assert launched.returncode == 1
    assert sentence.startswith("souk: ")
    assert all(word in sentence for word in words), sentence
    assert "Traceback" not in launched.stderr
    assert launched.stdout == ""


@pytest.mark.all
def test_a_package_nobody_offers_is_told_and_the_next_try_succeeds(project: Path) -> None:
    [wheel] = (project.parent / "shelf").glob("tiny-*")
    hidden = wheel.rename(project.parent / wheel.name)

    failed = souk(project, "up")
    hidden.rename(wheel)
    again = souk(project, "up")

    assert_one_sentence(failed, "package index", "run the same command again", "setup.log")
    assert installed(again) == {"tiny": "1.0"}


@pytest.mark.all
def test_no_network_is_told(project: Path) -> None:
    nowhere = {"no_index": "0", "index_url": "http://127.0.0.1:9/", "retries": "1"}

    launched = souk(project, "up", find_links="", **nowhere)

    assert_one_sentence(launched, "no package index could be reached", "proxy and mirror")


@pytest.mark.all
def test_a_package_that_is_not_the_locked_one_is_refused(project: Path) -> None:
    lock = project / "requirements" / "run.txt"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:00")[:-3] + "\n")

    assert_one_sentence(souk(project, "up"), "not the one that was locked")


def test_a_python_without_venv_is_told_which_package_to_install(project: Path) -> None:
    launched = set_up_in(project, "sys.modules['ensurepip'] = None")

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert_one_sentence(launched, "Debian and Ubuntu", f"python{version}-venv")


def test_a_full_disk_is_told_before_anything_is_made(project: Path) -> None:
    launched = set_up_in(
        project, "import shutil, types\nshutil.disk_usage = lambda _: types.SimpleNamespace(free=7)"
    )

    assert_one_sentence(launched, "MB of disk are needed", "0 MB are free")
    assert not (project / ".venv").exists()


@pytest.fixture
def read_only(project: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(project, Path(folder) / "souk")
        Path(folder).chmod(0o755)
        copy.chmod(0o555)
        yield copy
        copy.chmod(0o755)


def test_a_read_only_folder_is_told(read_only: Path) -> None:
    launched = set_up_in(
        read_only,
        "from cli import setting_up\nif os.getuid() == 0: os.setuid(65534)  # root may write",
    )

    assert_one_sentence(launched, "is read-only", "use a copy")


def test_an_environment_elsewhere_is_not_emptied(project: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "kept").touch()
    (project / ".venv").symlink_to(theirs)

    assert_one_sentence(souk(project, "up"), "is a link", "remove it")
    assert (theirs / "kept").exists()


def test_a_missing_requirement_file_is_told(project: Path) -> None:
    (project / "requirements" / "run.txt").unlink()

    assert_one_sentence(souk(project, "up"), "run.txt", "No such file")


# --- an older Python --------------------------------------------------------------------------


def test_an_older_python_can_read_the_launcher() -> None:
    ast.parse((ROOT / "souk").read_text(), feature_version=(3, 6))


def test_an_older_python_is_told_what_is_needed() -> None:
    older = f"import sys, runpy; sys.version_info = (3, 8, 18); runpy.run_path('{ROOT / 'souk'}')"

    launched = subprocess.run(
        [sys.executable, "-c", older], capture_output=True, text=True, check=False
    )

    assert_one_sentence(launched, "needs Python 3.11 or newer; this is 3.8")
