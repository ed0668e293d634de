"""`./souk deploy` and `destroy`, with the local cloud in place of AWS."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import cloud
from cli.__main__ import run
from infra.destroy import _empty_bucket
from infra.stack import Stack
from infra.synth import SynthError
from local.root_key import ACCOUNT, REGION, secret_key
from tests.local.conftest import SmallShop, eventually, free_port
from tests.local.minimal_assembly import write_minimal_assembly

Souk = Callable[..., int]
STACK = "Souk-prod"  # the small shop itself is the stack Souk-dev


@pytest.fixture
def as_aws(
    small_shop: SmallShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SmallShop]:
    """The user's AWS configuration points to the local cloud. The stack is deleted afterwards."""
    for name, value in {
        "AWS_ENDPOINT_URL": small_shop.running.endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": secret_key(small_shop.shop.state),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield small_shop
    small_shop.client("cloudformation").delete_stack(StackName=STACK)
    assert eventually(lambda: stack_status(small_shop) == "none")
    for table in tables(small_shop):
        small_shop.client("dynamodb").delete_table(TableName=table)
    for bucket in buckets(small_shop):
        _empty_bucket(small_shop.client("s3"), bucket)
        small_shop.client("s3").delete_bucket(Bucket=bucket)


@pytest.fixture
def assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replaces the synthesis; the result of a synthesis for AWS."""

    def synthesize(_report: object, platform: str) -> Path:
        assert platform == "arm64"
        return tmp_path / "assembly"

    monkeypatch.setattr(cloud, "synthesize", synthesize)
    return write_minimal_assembly(tmp_path / "assembly", STACK)


@pytest.fixture
def souk(as_aws: SmallShop, assembly: Path, monkeypatch: pytest.MonkeyPatch) -> Souk:
    """Runs ./souk for a user who types `answer`. Returns the exit code."""

    def run_souk(*arguments: str, answer: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        return run(list(arguments))

    return run_souk


def stack_status(cloud: SmallShop) -> str:
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    return next((each["StackStatus"] for each in stacks if each["StackName"] == STACK), "none")


def tables(cloud: SmallShop) -> list[str]:
    names = cloud.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.startswith(STACK)]


def buckets(cloud: SmallShop) -> list[str]:
    names = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    return [name for name in names if name.startswith(STACK.lower())]


Output = pytest.CaptureFixture[str]


def test_a_deploy_shows_the_changes_and_applies_none_without_a_yes(
    souk: Souk, as_aws: SmallShop, capsys: Output
) -> None:
    code = souk("deploy", "prod", answer="n\n")

    output = capsys.readouterr().err
    assert code == 1
    assert "Souk-prod, account 000000000000, region us-east-1" in output
    assert "Add     Table     AWS::DynamoDB::Table" in output
    assert "Error: Nothing was changed in Souk-prod." in output
    assert stack_status(as_aws) == "none"
    assert tables(as_aws) == []


def test_a_confirmed_deploy_reports_each_resource_and_prints_the_outputs(
    souk: Souk, as_aws: SmallShop, capsys: Output
) -> None:
    code = souk("deploy", "prod", answer="y\n")

    output = capsys.readouterr()
    assert code == 0
    assert "CREATE_COMPLETE      Table (AWS::DynamoDB::Table)" in output.err
    assert output.out.splitlines()[0].split() == ["ApiUrl", tables(as_aws)[0]]
    assert stack_status(as_aws) == "CREATE_COMPLETE"


def test_a_second_deploy_changes_nothing(souk: Souk, capsys: Output) -> None:
    souk("deploy", "prod", "--yes")
    capsys.readouterr()

    code = souk("deploy", "prod")

    assert code == 0
    assert "No changes" in capsys.readouterr().err


def test_a_deploy_uploads_the_pages_and_deletes_obsolete_ones(
    souk: Souk, as_aws: SmallShop
) -> None:
    souk("deploy", "prod", "--yes")
    (bucket,) = buckets(as_aws)
    as_aws.client("s3").put_object(Bucket=bucket, Key="pages/obsolete.js", Body=b"")

    souk("deploy", "prod")

    objects = as_aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    keys = {file["Key"] for file in objects}
    assert "pages/obsolete.js" not in keys
    assert {"index.html", "pages/home.js", "api/docs/index.html", "settings.json"} <= keys
    page = as_aws.client("s3").get_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")


def test_a_deleted_bucket_is_emptied_first(souk: Souk, as_aws: SmallShop) -> None:
    souk("deploy", "prod", "--yes")
    (bucket,) = buckets(as_aws)
    files = as_aws.running.state / "aws" / "s3" / ACCOUNT / bucket
    assert (files / "index.html").exists()

    souk("destroy", "prod", answer="prod\n")

    # the local cloud also deletes a bucket with objects, but leaves their files
    assert [file for file in files.rglob("*") if file.is_file()] == []


def test_without_an_answer_nothing_is_changed(
    souk: Souk, as_aws: SmallShop, capsys: Output
) -> None:
    assert souk("deploy", "prod") == 1
    assert "There was no answer to the question. Nothing was changed." in capsys.readouterr().err
    assert stack_status(as_aws) == "none"


@pytest.mark.parametrize(("deletion_policy", "is_lost"), [("Delete", True), ("Retain", False)])
def test_a_replacement_that_loses_data_is_marked(
    souk: Souk,
    assembly: Path,
    as_aws: SmallShop,
    capsys: Output,
    deletion_policy: str,
    is_lost: bool,
) -> None:
    write_minimal_assembly(assembly, STACK, deletion_policy=deletion_policy)
    souk("deploy", "prod", "--yes")
    capsys.readouterr()
    write_minimal_assembly(assembly, STACK, deletion_policy=deletion_policy, key="id")

    souk("deploy", "prod", answer="n\n")

    row = next(line for line in capsys.readouterr().err.splitlines() if "Table" in line)
    assert row.split()[:3] == ["Modify", "Table", "AWS::DynamoDB::Table"]
    assert row.split()[3] in ("yes", "perhaps")
    assert ("LOSES ITS DATA" in row) == is_lost


def test_a_removal_that_loses_data_is_marked(souk: Souk, assembly: Path, capsys: Output) -> None:
    souk("deploy", "prod", "--yes")
    capsys.readouterr()
    write_minimal_assembly(assembly, STACK, has_queue=False)

    souk("deploy", "prod", answer="n\n")

    row = next(line for line in capsys.readouterr().err.splitlines() if "Queue" in line)
    assert row.split() == ["Remove", "Queue", "AWS::SQS::Queue", "LOSES", "ITS", "DATA"]


def test_prod_is_destroyed_only_after_its_name_is_typed_and_retained_data_is_listed(
    souk: Souk, assembly: Path, as_aws: SmallShop, capsys: Output
) -> None:
    write_minimal_assembly(assembly, STACK, deletion_policy="Retain")
    souk("deploy", "prod", "--yes")
    (table,) = tables(as_aws)
    capsys.readouterr()

    assert souk("destroy", "prod", "--yes", answer="yes\n") == 1
    assert "Souk-prod was not changed." in capsys.readouterr().err
    assert stack_status(as_aws) == "CREATE_COMPLETE"

    assert souk("destroy", "prod", answer="prod\n") == 0
    assert f"AWS::DynamoDB::Table  {table}" in capsys.readouterr().err
    assert stack_status(as_aws) == "none"
    assert tables(as_aws) == [table]
    (bucket,) = buckets(as_aws)
    assert "Contents" in as_aws.client("s3").list_objects_v2(Bucket=bucket)


def test_a_missing_stack_cannot_be_destroyed(souk: Souk, capsys: Output) -> None:
    assert souk("destroy", "prod", answer="prod\n") == 1
    assert "Error: There is no stack Souk-prod in us-east-1." in capsys.readouterr().err


# --- errors -----------------------------------------------------------------------------------


def test_an_unknown_stage_is_named(souk: Souk, capsys: Output) -> None:
    for command in ("deploy", "destroy"):
        assert souk(command, "staging") == 1
        assert "Error: There is no stage 'staging'. The stages are dev and prod." in (
            capsys.readouterr().err
        )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "No AWS credentials were found"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "The AWS credentials are incomplete"),
        ({"AWS_PROFILE": "missing"}, "missing"),
        ({"AWS_REGION": ""}, "No AWS region is set"),
        ({"AWS_REGION": "not a region"}, "cannot be reached in not a region"),
        ({"AWS_REGION": "eu-west-1"}, "is not bootstrapped in eu-west-1"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:{free}"}, "cannot be reached in us-east-1"),
    ],
)
def test_an_unusable_account_is_reported_in_one_line(
    souk: Souk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    variables: dict[str, str],
    message: str,
) -> None:
    for name, value in variables.items():
        if value:
            monkeypatch.setenv(name, value.format(free=free_port()))
        else:
            monkeypatch.delenv(name)

    assert souk("deploy", "prod", "--yes") == 1

    output = capsys.readouterr().err
    assert message in output
    assert output.startswith("Error: ")
    assert len(output.splitlines()) == 1
    assert "Unexpected" not in output


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("UPDATE_IN_PROGRESS", "in progress on the stack Souk-prod (UPDATE_IN_PROGRESS)"),
        ("UPDATE_ROLLBACK_FAILED", "Continue its rollback first"),
        ("ROLLBACK_COMPLETE", "not deleted completely (ROLLBACK_COMPLETE). Destroy it"),
    ],
)
def test_a_stack_that_cannot_be_changed_is_left_unchanged(
    souk: Souk,
    as_aws: SmallShop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    status: str,
    message: str,
) -> None:
    souk("deploy", "prod", "--yes")
    capsys.readouterr()
    monkeypatch.setattr(Stack, "status", lambda _: status)

    assert souk("deploy", "prod", "--yes") == 1

    output = capsys.readouterr().err
    assert message in output
    assert output.splitlines()[-1].startswith("Error: ")


def test_a_failed_synthesis_changes_nothing(
    souk: Souk, as_aws: SmallShop, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    def fail(_report: object, _platform: str) -> Path:
        raise SynthError("synthesis failed: the Lambda wheels could not be downloaded")

    monkeypatch.setattr(cloud, "synthesize", fail)

    assert souk("deploy", "prod", "--yes") == 1
    assert capsys.readouterr().err.startswith("Error: synthesis failed: the Lambda wheels")
    assert stack_status(as_aws) == "none"
