"""The map shows everything that is deployed, is reproducible, and is legible."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from infra import contracts, shopmap
from infra.shopmap.graph import EventSources, find_edges
from infra.shopmap.shapes import Box, text_width
from infra.shopmap.template import read_template as read_template_with_paths
from infra.synth import map_path
from tests.infra.template import Template, reference

Json = Any
ROOT = Path(__file__).parents[2]
RESOURCE_TYPES = (
    "ApiGatewayV2::Api",
    "DynamoDB::GlobalTable",
    "Events::Archive",
    "Events::EventBus",
    "Events::Rule",
    "Lambda::Function",
    "SQS::Queue",
    "StepFunctions::StateMachine",
)
FONT_SIZES = {"title": 16, "glyph": 15, "label": 12, "name": 11, "small": 10.5, "depth": 12}

both_drawings = pytest.mark.parametrize("name", ["wide", "tall"])


@pytest.fixture(scope="module")
def shop_map(assembly: Path) -> Json:
    return json.loads(map_path(assembly).read_text())


def nodes(shop_map: Json) -> dict[str, Json]:
    return {node["id"]: node for node in shop_map["nodes"]}


def edges(shop_map: Json, kind: str) -> list[Json]:
    return [edge for edge in shop_map["edges"] if edge["kind"] == kind]


@pytest.mark.parametrize("resource_type", RESOURCE_TYPES)
def test_everything_deployed_is_on_the_map(
    shop_map: Json, template: Template, resource_type: str
) -> None:
    assert set(template.properties(resource_type)) <= set(nodes(shop_map))
    assert template.properties(resource_type)


def test_nothing_else_is_on_the_map(shop_map: Json, template: Template) -> None:
    assert set(nodes(shop_map)) <= set(template.resources)
    for edge in shop_map["edges"]:
        assert {edge["from"], edge["to"]} <= set(nodes(shop_map))


def test_two_nodes_have_at_most_one_edge_in_a_direction(shop_map: Json) -> None:
    """The drawing identifies an edge by its two nodes."""
    ends = [(edge["from"], edge["to"]) for edge in shop_map["edges"]]

    assert len(set(ends)) == len(ends)


def test_the_edge_to_a_rule_has_the_events_of_its_pattern(
    shop_map: Json, template: Template
) -> None:
    matched = {edge["to"]: edge.get("labels", []) for edge in edges(shop_map, "matches")}

    for name, rule in template.properties("Events::Rule").items():
        pattern = rule.get("EventPattern", {}).get("detail-type")
        if pattern and "EventBusName" in rule:
            assert sorted(matched[name]) == sorted(pattern)


def test_a_pattern_without_event_names_matches_all_events_of_its_sources() -> None:
    sources = EventSources({"OrderPlaced": "souk.ordering", "PriceChanged": "souk.catalog"})

    assert sources.matching({"source": [{"prefix": "souk."}]}) == ("OrderPlaced", "PriceChanged")
    assert sources.matching({"source": ["souk.catalog"]}) == ("PriceChanged",)


def test_a_pattern_with_other_elements_than_values_and_prefixes_raises_an_error() -> None:
    sources = EventSources({"OrderPlaced": "souk.ordering"})

    with pytest.raises(KeyError):
        sources.matching({"source": [{"suffix": ".ordering"}]})


def test_every_route_has_an_edge_to_its_function(shop_map: Json, template: Template) -> None:
    route_keys = {key for edge in edges(shop_map, "routes") for key in edge["labels"]}
    routes = template.properties("ApiGatewayV2::Route").values()

    assert {route["RouteKey"] for route in routes} == route_keys


def test_dead_letter_queues_have_their_own_kind(shop_map: Json, template: Template) -> None:
    dead_letter_queues = {
        reference(queue["RedrivePolicy"]["deadLetterTargetArn"])
        for queue in template.properties("SQS::Queue").values()
        if "RedrivePolicy" in queue
    }

    assert dead_letter_queues
    kinds = {nodes(shop_map)[name]["kind"] for name in dead_letter_queues}
    assert kinds == {"dead-letter-queue"}


def test_dead_letters_are_redriven_to_the_queues_they_came_from(shop_map: Json) -> None:
    redriven_to = {edge["to"] for edge in edges(shop_map, "redrives")}
    queues = {
        edge["from"]
        for edge in edges(shop_map, "dead-letters")
        if nodes(shop_map)[edge["from"]]["kind"] == "queue"
    }

    assert redriven_to == queues


def test_every_event_is_on_the_map_with_publisher_and_subscribers(shop_map: Json) -> None:
    messages = contracts.events_json()["channels"]["bus"]["messages"]
    events = {event["name"]: event for event in shop_map["events"]}

    assert set(events) == set(messages)
    for name, message in messages.items():
        assert events[name]["service"] == message["x-source"].removeprefix("souk.")
        assert set(events[name]["subscribers"]) == set(message["x-subscribers"])
        assert events[name]["fields"]


def test_an_event_can_be_followed_from_the_table_of_one_service_to_that_of_another(
    shop_map: Json,
) -> None:
    kinds = {(edge["from"], edge["to"]): edge["kind"] for edge in shop_map["edges"]}
    ids = {(node.get("service", ""), node["name"]): node["id"] for node in shop_map["nodes"]}
    path = [("basket", "Table"), ("basket", "Relay"), ("", "Bus"), ("ordering", "Subscriptions"),
            ("ordering", "Queue"), ("ordering", "Consumer"), ("ordering", "Table")]  # fmt: skip

    path_ids = [ids[each] for each in path]

    assert [kinds[step] for step in pairwise(path_ids)] == [
        "streams", "publishes", "matches", "delivers", "delivers", "accesses",
    ]  # fmt: skip


def test_the_workflow_has_all_states_with_the_services_that_they_invoke(shop_map: Json) -> None:
    definition = json.loads((ROOT / "src/souk/ordering/checkout.asl.json").read_text())
    (workflow,) = shop_map["workflows"]

    assert {state["name"] for state in workflow["states"]} == set(definition["States"])
    services = {state["name"]: state["service"] for state in workflow["states"]}
    assert services["ReserveStock"] == "inventory"
    assert services["ConfirmOrder"] == "ordering"
    invoked = {nodes(shop_map)[edge["to"]]["service"] for edge in edges(shop_map, "invokes")}
    assert {"inventory", "payment", "ordering"} <= invoked


def test_the_map_is_the_same_for_all_stages_and_reproducible(
    shop_map: Json, assembly: Path
) -> None:
    assert shopmap.build_map(assembly, "Souk-dev") == shop_map
    assert shopmap.build_map(assembly, "Souk-prod") == shop_map


def test_a_new_service_is_added_to_the_map_automatically(assembly: Path) -> None:
    template = read_template_with_paths(assembly, "Souk-dev")
    new_resources = {
        name.replace("Basket", "Gifts"): json.loads(json.dumps(each).replace("Basket", "Gifts"))
        for name, each in template.resources.items()
        if name.startswith("Basket")
    }
    new_paths = {
        name.replace("Basket", "Gifts"): ("Gifts", *path[1:])
        for name, path in template.paths.items()
        if name.startswith("Basket")
    }
    extended = template._replace(
        resources={**template.resources, **new_resources}, paths={**template.paths, **new_paths}
    )

    shop_map = shopmap.map_of_template(extended)

    assert "gifts" in {service["id"] for service in shop_map["services"]}
    for drawing in shop_map["drawings"].values():
        drawn = {"gifts", *new_resources} & drawn_ids(drawing)
        assert drawn >= {"gifts", "GiftsQueue8C1CEFED"}
    sources = EventSources({})
    assert find_edges(extended, sources) != find_edges(template, sources)


def drawn_ids(drawing: Json) -> set[str]:
    return {group["id"] for group in drawing["groups"]}


@both_drawings
def test_every_node_and_service_is_drawn(shop_map: Json, name: str) -> None:
    ids = {*nodes(shop_map), *(service["id"] for service in shop_map["services"])}

    assert ids <= drawn_ids(shop_map["drawings"][name])


def texts(drawing: Json) -> list[tuple[str, Box]]:
    """Every text of a drawing with its estimated box."""
    found = []
    for group in drawing["groups"]:
        for tag, attributes, text in group["shapes"]:
            if tag == "text" and text and "transform" not in attributes:
                size = FONT_SIZES.get(attributes["class"], 11)
                width = text_width(text, size)
                anchor = {"start": 0.0, "middle": width / 2, "end": width}[
                    attributes["text-anchor"]
                ]
                x, y = attributes["x"] - anchor, attributes["y"] - size * 0.75
                found.append((text, Box(x, y, width, size * 0.95)))
    return found


@both_drawings
def test_no_text_overlaps_another_or_leaves_the_drawing(shop_map: Json, name: str) -> None:
    drawing = shop_map["drawings"][name]
    page = Box(0, 0, drawing["width"], drawing["height"])

    for text, box in texts(drawing):
        assert box.x >= 0, text
        assert box.right <= page.right, text
        assert box.bottom <= page.bottom, text
    for (text, box), (other, other_box) in combinations(texts(drawing), 2):
        assert not box.overlaps(other_box), f"{text!r} overlaps {other!r}"


@both_drawings
def test_no_box_overlaps_another_of_its_kind(shop_map: Json, name: str) -> None:
    kinds = ("service", "node function", "node queue", "node dead-letter-queue", "state task")
    for classes in kinds:
        boxes = [
            (group["id"], Box(rect["x"], rect["y"], rect["width"], rect["height"]))
            for group in shop_map["drawings"][name]["groups"]
            if group["classes"] == classes
            for tag, rect, _ in group["shapes"][:1]
        ]
        for (box_id, box), (other_id, other_box) in combinations(boxes, 2):
            assert not box.overlaps(other_box), f"{box_id} overlaps {other_id}"


def test_the_svg_is_well_formed_and_standalone(shop_map: Json) -> None:
    svg = shopmap.render_svg(shop_map)

    tree = ET.fromstring(svg)  # noqa: S314 - our own
    assert tree.get("viewBox")
    assert "prefers-color-scheme: dark" in svg
    assert "url(" not in svg
    assert "href" not in svg


def test_the_picture_in_the_readme_is_up_to_date(shop_map: Json) -> None:
    written = (ROOT / "docs" / "images" / "map.svg").read_text()

    assert written == shopmap.render_svg(shop_map), "run: ./souk map --svg docs/images/map.svg"
