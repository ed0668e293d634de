"""./souk creates its environment completely and once, or says in one sentence why it cannot."""

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

packages = {it.name: it.version for it in distributions() if it.name in ("tiny", "tool")}
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "installed": packages}))
"""

Completed = subprocess.CompletedProcess[str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The launcher with a command that prints how it was called. It requires the package tiny."""
    return a_project(tmp_path)


@pytest.fixture(scope="module")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Completed]:
    """A project in which ./souk ran for the first time, and the result of that run."""
    project = a_project(tmp_path_factory.mktemp("first"))
    return project, souk(project, "up", "--port", "1")


@pytest.fixture
def ready(first_use: tuple[Path, Completed], tmp_path: Path) -> Path:
    """A separate project in which ./souk ran before."""
    shutil.copytree(first_use[0].parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path / first_use[0].name


def a_project(folder: Path) -> Path:
    project = folder / "project"
    (project / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "souk", project)
    for module in ("__init__", "check_options", "environment", "setup_venv"):
        shutil.copy(ROOT / "cli" / f"{module}.py", project / "cli")
    (project / "cli" / "__main__.py").write_text(COMMAND)
    (project / "requirements").mkdir()
    require(project, "run", "tiny", "1.0")
    require(project, "dev", "tool", "1.0")
    return project


def require(project: Path, name: str, package: str, version: str) -> None:
    """Build an empty package into the folder of wheels that pip uses, and pin it."""
    wheels = project.parent / "wheels"
    wheels.mkdir(exist_ok=True)
    wheel = wheels / f"{package}-{version}-py3-none-any.whl"
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
    """Start the launcher from the parent folder; pip finds only the packages in `wheels`."""
    settings = {"no_index": "1", "find_links": "wheels", "config_file": os.devnull, **pip}
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


def wait(process: subprocess.Popen[str]) -> Completed:
    out, err = process.communicate(timeout=100)
    return Completed(process.args, process.returncode, out, err)


def souk(project: Path, *arguments: str, **pip: str) -> Completed:
    return wait(start(project, *arguments, **pip))


def installed(launched: Completed) -> object:
    return json.loads(launched.stdout)["installed"]


def set_up_in(project: Path, before: str) -> Completed:
    """Run the set-up in a Python that runs the code `before` first."""
    code = f"{before}\nfrom cli import setup_venv; setup_venv.set_up(['run'])"
    return subprocess.run(
        [sys.executable, "-P", "-c", f"import os, sys\nsys.path.insert(0, '{project}')\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )


# --- the environment --------------------------------------------------------------------------


def test_the_first_use_announces_its_size_and_then_runs_the_command(
    first_use: tuple[Path, Completed],
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

    launched = wait(start(ready, "status", souk="elsewhere"))

    assert (installed(launched), launched.stderr) == ({"tiny": "1.0"}, "")


def test_the_first_test_run_installs_additional_tools(ready: Path) -> None:
    first = souk(ready, "--state", "up", "test")
    second = souk(ready, "test", "--all")

    assert "Installing additional tools for the tests" in first.stderr
    assert installed(first) == {"tiny": "1.0", "tool": "1.0"}
    assert (second.returncode, second.stderr) == (0, "")


@pytest.mark.parametrize(("option", "code"), [("--help", 0), ("--halp", 2), ("nowhere.py", 2)])
def test_help_and_wrong_options_of_the_tests_install_nothing(
    project: Path, option: str, code: int
) -> None:
    launched = souk(project, "--state", "up", "test", option)

    assert launched.returncode == code
    assert (launched.stdout + launched.stderr).startswith("Usage: souk test ")
    assert not (project / ".venv").exists()


def test_help_about_screenshots_installs_no_tools(ready: Path) -> None:
    assert installed(souk(ready, "screenshots", "--help")) == {"tiny": "1.0"}


def test_changed_requirements_replace_the_environment(ready: Path) -> None:
    souk(ready, "test")
    require(ready, "run", "tiny", "2.0")

    launched = souk(ready, "up")

    assert "out of date" in launched.stderr
    assert installed(launched) == {"tiny": "2.0"}


@pytest.mark.all
@pytest.mark.parametrize("missing", ["installed-run.txt", "bin/python"])
def test_an_incomplete_environment_is_replaced(ready: Path, missing: str) -> None:
    (ready / ".venv" / missing).unlink()

    launched = souk(ready, "up")

    assert "incomplete" in launched.stderr
    assert installed(launched) == {"tiny": "1.0"}


@pytest.mark.all
def test_of_two_concurrent_first_uses_one_sets_up_and_one_waits(project: Path) -> None:
    both = [wait(process) for process in (start(project, "up"), start(project, "down"))]

    assert [installed(launched) for launched in both] == [{"tiny": "1.0"}] * 2
    output = "".join(launched.stderr for launched in both)
    assert output.count("First use") == 1
    assert output.count("Another ./souk is setting up") == 1


# --- failures ---------------------------------------------------------------------------------


def assert_one_sentence(launched: Completed, *words: str) -> None:
    sentence = launched.stderr.splitlines()[-1]
    assert launched.returncode == 1
    assert sentence.startswith("souk: ")
    assert all(word in sentence for word in words), sentence
    assert "Traceback" not in launched.stderr
    assert launched.stdout == ""


@pytest.mark.all
def test_a_missing_package_is_reported_and_the_next_attempt_succeeds(project: Path) -> None:
    [wheel] = (project.parent / "wheels").glob("tiny-*")
    hidden = wheel.rename(project.parent / wheel.name)

    failed = souk(project, "up")
    hidden.rename(wheel)
    second = souk(project, "up")

    assert_one_sentence(failed, "package index", "run the same command again", "setup.log")
    assert installed(second) == {"tiny": "1.0"}


@pytest.mark.all
def test_an_unreachable_network_is_reported(project: Path) -> None:
    unreachable = {"no_index": "0", "index_url": "http://127.0.0.1:9/", "retries": "1"}

    launched = souk(project, "up", find_links="", **unreachable)

    assert_one_sentence(launched, "no package index could be reached", "proxy and mirror")


@pytest.mark.all
def test_a_package_that_differs_from_the_locked_one_is_rejected(project: Path) -> None:
    lock = project / "requirements" / "run.txt"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:00")[:-3] + "\n")

    assert_one_sentence(souk(project, "up"), "not the one that was locked")


def test_without_venv_the_package_to_install_is_named(project: Path) -> None:
    launched = set_up_in(project, "sys.modules['ensurepip'] = None")

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert_one_sentence(launched, "Debian and Ubuntu", f"python{version}-venv")


def test_a_full_disk_is_reported_before_anything_is_created(project: Path) -> None:
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


def test_a_read_only_folder_is_reported(read_only: Path) -> None:
    launched = set_up_in(
        read_only,
        "from cli import setup_venv\nif os.getuid() == 0: os.setuid(65534)  # root may write",
    )

    assert_one_sentence(launched, "is read-only", "use a copy")


def test_the_target_of_a_link_is_not_emptied(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").touch()
    (project / ".venv").symlink_to(target)

    assert_one_sentence(souk(project, "up"), "is a link", "Remove it")
    assert (target / "file").exists()


def test_a_missing_requirement_file_is_reported(project: Path) -> None:
    (project / "requirements" / "run.txt").unlink()

    assert_one_sentence(souk(project, "up"), "run.txt", "No such file")


# --- an older Python --------------------------------------------------------------------------


def test_an_older_python_can_parse_the_launcher() -> None:
    ast.parse((ROOT / "souk").read_text(), feature_version=(3, 6))


def test_an_older_python_reports_the_required_version() -> None:
    code = f"import sys, runpy; sys.version_info = (3, 8, 18); runpy.run_path('{ROOT / 'souk'}')"

    launched = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert_one_sentence(launched, "needs Python 3.11 or newer; this is 3.8")
