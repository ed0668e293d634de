"""`./souk deploy` and `destroy`, against the local cloud as if it were AWS."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import cloud
from cli.__main__ import run
from infra.demolish import _empty
from infra.stack import Stack
from infra.synth import SynthError
from local.cloud import ACCOUNT, REGION
from local.shop import NO_SECRET
from tests.local.conftest import Opened, free_port, soon
from tests.local.small_stack import write_stack

Souk = Callable[..., int]
STACK = "Souk-prod"  # the small shop is the dev of its cloud


@pytest.fixture
def as_aws(opened: Opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Opened]:
    """A person's AWS configuration that leads to the local cloud; every stack goes afterwards."""
    for name, value in {
        "AWS_ENDPOINT_URL": opened.running.endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": NO_SECRET,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield opened
    opened.client("cloudformation").delete_stack(StackName=STACK)
    assert soon(lambda: stack(opened) == "none")  # or the next test finds it going
    for kept in tables(opened):
        opened.client("dynamodb").delete_table(TableName=kept)
    for kept in buckets(opened):
        _empty(opened.client("s3"), kept)
        opened.client("s3").delete_bucket(Bucket=kept)


@pytest.fixture
def assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What synthesis gives for AWS."""

    def synthesize(say: object, target: str) -> Path:
        assert target == "arm64"
        return tmp_path / "assembly"

    monkeypatch.setattr(cloud, "synthesize", synthesize)
    return write_stack(tmp_path / "assembly", STACK)


@pytest.fixture
def souk(as_aws: Opened, assembly: Path, monkeypatch: pytest.MonkeyPatch) -> Souk:
    """Runs ./souk as a person who types `answer` would."""

    def typed(*arguments: str, answer: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        return run(list(arguments))

    return typed


def stack(cloud: Opened) -> str:
    listed = cloud.client("cloudformation").describe_stacks()["Stacks"]
    return next((each["StackStatus"] for each in listed if each["StackName"] == STACK), "none")


def tables(cloud: Opened) -> list[str]:
    names = cloud.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.startswith(STACK)]


def buckets(cloud: Opened) -> list[str]:
    listed = cloud.client("s3").list_buckets()["Buckets"]
    return [each["Name"] for each in listed if each["Name"].startswith(STACK.lower())]


Said = pytest.CaptureFixture[str]


def test_the_changes_are_shown_and_asked_for_and_a_no_changes_nothing(
    souk: Souk, as_aws: Opened, capsys: Said
) -> None:
    code = souk("deploy", "prod", answer="n\n")

    said = capsys.readouterr().err
    assert code == 1
    assert "Souk-prod, account 000000000000, region us-east-1" in said
    assert "Add     Table     AWS::DynamoDB::Table" in said
    assert "Error: Nothing was changed in Souk-prod." in said
    assert stack(as_aws) == "none"
    assert tables(as_aws) == []


def test_a_yes_deploys_tells_each_resource_and_prints_the_outputs(
    souk: Souk, as_aws: Opened, capsys: Said
) -> None:
    code = souk("deploy", "prod", answer="y\n")

    told = capsys.readouterr()
    assert code == 0
    assert "CREATE_COMPLETE      Table (AWS::DynamoDB::Table)" in told.err
    assert told.out.splitlines()[0].split() == ["ApiUrl", tables(as_aws)[0]]
    assert stack(as_aws) == "CREATE_COMPLETE"


def test_a_second_deploy_has_nothing_to_change(souk: Souk, capsys: Said) -> None:
    souk("deploy", "prod", "--yes")
    capsys.readouterr()

    code = souk("deploy", "prod")

    assert code == 0
    assert "No changes" in capsys.readouterr().err


def test_a_deploy_brings_the_pages_up_and_takes_away_what_is_gone(
    souk: Souk, as_aws: Opened
) -> None:
    souk("deploy", "prod", "--yes")
    (bucket,) = buckets(as_aws)
    as_aws.client("s3").put_object(Bucket=bucket, Key="pages/gone.js", Body=b"")

    souk("deploy", "prod")

    there = {each["Key"] for each in as_aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
    assert "pages/gone.js" not in there
    assert {"index.html", "pages/home.js", "api/docs/index.html", "settings.json"} <= there
    page = as_aws.client("s3").get_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")


def test_a_bucket_that_goes_is_emptied_first(souk: Souk, as_aws: Opened) -> None:
    souk("deploy", "prod", "--yes")
    (bucket,) = buckets(as_aws)
    files = as_aws.running.state / "aws" / "s3" / ACCOUNT / bucket
    assert (files / "index.html").exists()

    souk("destroy", "prod", answer="prod\n")

    # the local cloud would delete a full bucket, too, and leave its files behind
    assert [file for file in files.rglob("*") if file.is_file()] == []


def test_where_nobody_answers_nothing_is_changed(souk: Souk, as_aws: Opened, capsys: Said) -> None:
    assert souk("deploy", "prod") == 1
    assert "Nobody answered, so nothing was changed." in capsys.readouterr().err
    assert stack(as_aws) == "none"


@pytest.mark.parametrize(("keep", "lost"), [("Delete", True), ("Retain", False)])
def test_a_replacement_that_loses_data_stands_out(
    souk: Souk, assembly: Path, as_aws: Opened, capsys: Said, keep: str, lost: bool
) -> None:
    write_stack(assembly, STACK, keep=keep)
    souk("deploy", "prod", "--yes")
    capsys.readouterr()
    write_stack(assembly, STACK, keep=keep, key="id")

    souk("deploy", "prod", answer="n\n")

    row = next(line for line in capsys.readouterr().err.splitlines() if "Table" in line)
    assert row.split()[:3] == ["Modify", "Table", "AWS::DynamoDB::Table"]
    assert row.split()[3] in ("yes", "perhaps")
    assert ("ITS DATA IS LOST" in row) == lost


def test_a_removal_that_loses_data_stands_out(souk: Souk, assembly: Path, capsys: Said) -> None:
    souk("deploy", "prod", "--yes")
    capsys.readouterr()
    write_stack(assembly, STACK, queue=False)

    souk("deploy", "prod", answer="n\n")

    row = next(line for line in capsys.readouterr().err.splitlines() if "Waiting" in line)
    assert row.split() == ["Remove", "Waiting", "AWS::SQS::Queue", "ITS", "DATA", "IS", "LOST"]


def test_prod_goes_only_for_who_types_its_name_and_what_stays_is_said(
    souk: Souk, assembly: Path, as_aws: Opened, capsys: Said
) -> None:
    write_stack(assembly, STACK, keep="Retain")
    souk("deploy", "prod", "--yes")
    (kept,) = tables(as_aws)
    capsys.readouterr()

    assert souk("destroy", "prod", "--yes", answer="yes\n") == 1
    assert "Souk-prod stays as it is." in capsys.readouterr().err
    assert stack(as_aws) == "CREATE_COMPLETE"

    assert souk("destroy", "prod", answer="prod\n") == 0
    assert f"AWS::DynamoDB::Table  {kept}" in capsys.readouterr().err
    assert stack(as_aws) == "none"
    assert tables(as_aws) == [kept]
    (bucket,) = buckets(as_aws)
    assert "Contents" in as_aws.client("s3").list_objects_v2(Bucket=bucket)


def test_a_stack_that_is_not_there_cannot_be_destroyed(souk: Souk, capsys: Said) -> None:
    assert souk("destroy", "prod", answer="prod\n") == 1
    assert "Error: There is no stack Souk-prod in us-east-1." in capsys.readouterr().err


# --- what can be wrong ------------------------------------------------------------------------


def test_an_unknown_stage_is_named(souk: Souk, capsys: Said) -> None:
    for command in ("deploy", "destroy"):
        assert souk(command, "staging") == 1
        assert "Error: There is no stage 'staging'; there are dev and prod." in (
            capsys.readouterr().err
        )


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "No AWS credentials were found"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "The AWS credentials are incomplete"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
        ({"AWS_REGION": ""}, "No AWS region is chosen"),
        ({"AWS_REGION": "not a region"}, "cannot be reached in not a region"),
        ({"AWS_REGION": "eu-west-1"}, "is not prepared for deployments in eu-west-1"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:{free}"}, "cannot be reached in us-east-1"),
    ],
)
def test_what_is_wrong_with_the_account_is_one_sentence(
    souk: Souk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Said,
    variables: dict[str, str],
    words: str,
) -> None:
    for name, value in variables.items():
        if value:
            monkeypatch.setenv(name, value.format(free=free_port()))
        else:
            monkeypatch.delenv(name)

    assert souk("deploy", "prod", "--yes") == 1

    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("Error: ")
    assert len(said.splitlines()) == 1
    assert "unexpected" not in said


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed already (UPDATE_IN_PROGRESS)"),
        ("UPDATE_ROLLBACK_FAILED", "continue its rollback first"),
        ("ROLLBACK_COMPLETE", "never came up, or did not quite go (ROLLBACK_COMPLETE); destroy it"),
    ],
)
def test_a_stack_in_no_state_to_be_changed_is_left_alone(
    souk: Souk,
    as_aws: Opened,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Said,
    status: str,
    words: str,
) -> None:
    souk("deploy", "prod", "--yes")
    capsys.readouterr()
    monkeypatch.setattr(Stack, "status", lambda _: status)

    assert souk("deploy", "prod", "--yes") == 1

    said = capsys.readouterr().err
    assert words in said
    assert said.splitlines()[-1].startswith("Error: ")


def test_a_failed_synthesis_changes_nothing(
    souk: Souk, as_aws: Opened, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    def fails(say: object, target: str) -> Path:
        raise SynthError("synthesis failed: the Lambda wheels could not be fetched")

    monkeypatch.setattr(cloud, "synthesize", fails)

    assert souk("deploy", "prod", "--yes") == 1
    assert capsys.readouterr().err.startswith("Error: synthesis failed: the Lambda wheels")
    assert stack(as_aws) == "none"
