"""Publishing an assembly: what is deployed, what is omitted, and how failures are reported."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.assets import zip_folder
from infra.pruning import used_types, without_types
from infra.publish import PublishError, publish
from local.shop import UNSUPPORTED_RESOURCE_TYPES
from tests.local.conftest import SmallShop
from tests.local.sample_assembly import STACK, write_assembly

OMITTED = ("AWS::Events::Archive",)


def template(**resources: object) -> dict[str, object]:
    archive = {"Type": "AWS::Events::Archive", "Properties": {}}
    return {"Resources": {"Archive": archive, **resources}}


def prune(resource: Mapping[str, object]) -> dict[str, object]:
    """The resource after the archive is removed from its template."""
    pruned = without_types(template(Other=resource), OMITTED)
    other: dict[str, object] = pruned["Resources"]["Other"]
    return other


def test_only_types_in_the_template_are_reported() -> None:
    assert used_types(template(), frozenset({*OMITTED, "AWS::Foo::Bar"})) == OMITTED


def test_references_to_an_omitted_resource_are_removed() -> None:
    resource = {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Archive", "Table"],
        "Properties": {
            "Name": {"Ref": "Archive"},
            "Path": {"Fn::Join": ["/", ["a", {"Fn::GetAtt": ["Archive", "Arn"]}]]},
            "Text": {"Fn::Sub": "arn:${Archive.Arn}"},
            "Remaining": {"Fn::Join": ["/", ["a", {"Ref": "Table"}]]},
            "Empty": {},
        },
    }

    assert prune(resource) == {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Table"],
        "Properties": {"Remaining": {"Fn::Join": ["/", ["a", {"Ref": "Table"}]]}, "Empty": {}},
    }


def test_a_policy_loses_its_references_to_an_omitted_resource() -> None:
    archive_only = {"Effect": "Allow", "Action": "a", "Resource": {"Ref": "Archive"}}
    archive_and_table = {
        "Effect": "Allow",
        "Action": "b",
        "Resource": [{"Ref": "Archive"}, {"Ref": "T"}],
    }
    document = {"Version": "2012-10-17", "Statement": [archive_only, archive_and_table]}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document}}

    assert prune(policy)["Properties"] == {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "b", "Resource": [{"Ref": "T"}]}],
        }
    }


def test_a_policy_without_remaining_statements_is_removed() -> None:
    statement = {"Effect": "Allow", "Action": "a", "Resource": {"Ref": "Archive"}}
    policy = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": [statement]}},
    }

    assert without_types(template(Policy=policy), OMITTED)["Resources"] == {}


def test_an_output_of_an_omitted_resource_is_removed() -> None:
    outputs = {"Name": {"Value": {"Ref": "Archive"}}, "Other": {"Value": "o"}}

    pruned = without_types({**template(), "Outputs": outputs}, OMITTED)

    assert pruned["Outputs"] == {"Other": {"Value": "o"}}


def test_the_same_files_give_the_same_archive(tmp_path: Path) -> None:
    for name, order in (("one", ("a.py", "b/c.py")), ("two", ("b/c.py", "a.py"))):
        for file in order:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file)

    assert zip_folder(tmp_path / "one") == zip_folder(tmp_path / "two")


def test_an_unchanged_assembly_changes_nothing(small_shop: SmallShop) -> None:
    published = publish(
        small_shop.assembly,
        STACK,
        small_shop.running.session(),
        omit_types=UNSUPPORTED_RESOURCE_TYPES,
    )

    assert not published.changed
    assert published.omitted_types == OMITTED
    assert published.outputs == small_shop.running.outputs


def test_a_failed_update_names_the_resource_and_can_be_repaired(own_shop: SmallShop) -> None:
    session = own_shop.running.session()
    write_assembly(own_shop.assembly, broken=True)

    with pytest.raises(PublishError, match=r"Broken \(AWS::Lambda::Function\)"):
        publish(own_shop.assembly, STACK, session, omit_types=UNSUPPORTED_RESOURCE_TYPES)
    write_assembly(own_shop.assembly, greeting="repaired")
    repaired = publish(own_shop.assembly, STACK, session, omit_types=UNSUPPORTED_RESOURCE_TYPES)

    assert repaired.changed
    assert own_shop.call("GET", "/api/guest/echo")[0] == 200


def test_an_unsupported_type_is_named(small_shop: SmallShop) -> None:
    with pytest.raises(PublishError, match="AWS::Events::Archive"):
        publish(small_shop.assembly, STACK, small_shop.running.session())


def test_a_change_of_outputs_only_is_deployed(own_shop: SmallShop) -> None:
    file = own_shop.assembly / f"{STACK}.template.json"
    changed = json.loads(file.read_text())
    changed["Outputs"]["Greeting"] = {"Value": "hello"}
    file.write_text(json.dumps(changed))

    published = publish(
        own_shop.assembly, STACK, own_shop.running.session(), omit_types=UNSUPPORTED_RESOURCE_TYPES
    )

    assert published.outputs["Greeting"] == "hello"
