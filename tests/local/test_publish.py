"""What reaches the cloud of an assembly, and what is said when it does not."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.assets import zipped
from infra.pruning import types_present, without
from infra.publish import PublishError, publish
from local.shop import UNKNOWN_AT_HOME
from tests.local.conftest import Opened
from tests.local.small_shop import STACK, write_assembly

GONE = ("AWS::Events::Archive",)


def template(**resources: object) -> dict[str, object]:
    archive = {"Type": "AWS::Events::Archive", "Properties": {}}
    return {"Resources": {"Archive": archive, **resources}}


def left(resource: Mapping[str, object]) -> dict[str, object]:
    pruned = without(template(Other=resource), GONE)
    other: dict[str, object] = pruned["Resources"]["Other"]
    return other


def test_only_types_the_template_uses_are_reported() -> None:
    assert types_present(template(), frozenset({*GONE, "AWS::Foo::Bar"})) == GONE


def test_what_is_left_out_takes_its_references_along() -> None:
    resource = {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Archive", "Table"],
        "Properties": {
            "Name": {"Ref": "Archive"},
            "Path": {"Fn::Join": ["/", ["a", {"Fn::GetAtt": ["Archive", "Arn"]}]]},
            "Text": {"Fn::Sub": "arn:${Archive.Arn}"},
            "Kept": {"Fn::Join": ["/", ["a", {"Ref": "Table"}]]},
            "Empty": {},
        },
    }

    assert left(resource) == {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Table"],
        "Properties": {"Kept": {"Fn::Join": ["/", ["a", {"Ref": "Table"}]]}, "Empty": {}},
    }


def test_a_policy_loses_the_statements_that_mention_it() -> None:
    about_archive = {"Effect": "Allow", "Action": "a", "Resource": {"Ref": "Archive"}}
    about_both = {"Effect": "Allow", "Action": "b", "Resource": [{"Ref": "Archive"}, {"Ref": "T"}]}
    document = {"Version": "2012-10-17", "Statement": [about_archive, about_both]}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document}}

    assert left(policy)["Properties"] == {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "b", "Resource": [{"Ref": "T"}]}],
        }
    }


def test_a_policy_about_nothing_else_goes_too() -> None:
    statement = {"Effect": "Allow", "Action": "a", "Resource": {"Ref": "Archive"}}
    policy = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": [statement]}},
    }

    assert without(template(Policy=policy), GONE)["Resources"] == {}


def test_an_output_of_what_is_left_out_goes_too() -> None:
    outputs = {"Name": {"Value": {"Ref": "Archive"}}, "Kept": {"Value": "k"}}

    pruned = without({**template(), "Outputs": outputs}, GONE)

    assert pruned["Outputs"] == {"Kept": {"Value": "k"}}


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    for name, order in (("one", ("a.py", "b/c.py")), ("two", ("b/c.py", "a.py"))):
        for file in order:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file)

    assert zipped(tmp_path / "one") == zipped(tmp_path / "two")


def test_an_unchanged_assembly_changes_nothing(opened: Opened) -> None:
    published = publish(opened.assembly, STACK, opened.running.session(), leave_out=UNKNOWN_AT_HOME)

    assert not published.changed
    assert published.left_out == GONE
    assert published.outputs == opened.running.outputs


def test_a_failed_update_names_the_culprit_and_can_be_repaired(my_own: Opened) -> None:
    session = my_own.running.session()
    write_assembly(my_own.assembly, broken=True)

    with pytest.raises(PublishError, match=r"Broken \(AWS::Lambda::Function\)"):
        publish(my_own.assembly, STACK, session, leave_out=UNKNOWN_AT_HOME)
    write_assembly(my_own.assembly, greeting="repaired")
    repaired = publish(my_own.assembly, STACK, session, leave_out=UNKNOWN_AT_HOME)

    assert repaired.changed
    assert my_own.call("GET", "/api/guest/echo")[0] == 200


def test_a_type_the_cloud_does_not_know_is_named(opened: Opened) -> None:
    with pytest.raises(PublishError, match="AWS::Events::Archive"):
        publish(opened.assembly, STACK, opened.running.session())


def test_a_new_output_alone_is_deployed(my_own: Opened) -> None:
    file = my_own.assembly / f"{STACK}.template.json"
    changed = json.loads(file.read_text())
    changed["Outputs"]["Greeting"] = {"Value": "hello"}
    file.write_text(json.dumps(changed))

    published = publish(my_own.assembly, STACK, my_own.running.session(), leave_out=UNKNOWN_AT_HOME)

    assert published.outputs["Greeting"] == "hello"
