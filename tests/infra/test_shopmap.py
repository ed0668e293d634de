"""The map shows all that is deployed, in the same way each time, and can be read."""

from __future__ import annotations

import json
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from infra import contracts, shopmap
from infra.shopmap.graph import Facts, edges
from infra.shopmap.shapes import Box, text_width
from infra.shopmap.template import read as read_places
from infra.synth import map_path
from tests.infra.template import Template, referred

Json = Any
ROOT = Path(__file__).parents[2]
SHOWN = (
    "ApiGatewayV2::Api",
    "DynamoDB::GlobalTable",
    "Events::Archive",
    "Events::EventBus",
    "Events::Rule",
    "Lambda::Function",
    "SQS::Queue",
    "StepFunctions::StateMachine",
)
SIZES = {"title": 16, "glyph": 15, "label": 12, "name": 11, "small": 10.5, "figure": 12}

both_drawings = pytest.mark.parametrize("name", ["wide", "tall"])


@pytest.fixture(scope="module")
def made(assembly: Path) -> Json:
    return json.loads(map_path(assembly).read_text())


def nodes(made: Json) -> dict[str, Json]:
    return {node["id"]: node for node in made["nodes"]}


def lines(made: Json, means: str) -> list[Json]:
    return [edge for edge in made["edges"] if edge["means"] == means]


@pytest.mark.parametrize("kind", SHOWN)
def test_everything_deployed_is_on_the_map(made: Json, template: Template, kind: str) -> None:
    assert set(template.of(kind)) <= set(nodes(made))
    assert template.of(kind)


def test_nothing_is_on_the_map_that_is_not_deployed(made: Json, template: Template) -> None:
    assert set(nodes(made)) <= set(template.resources)
    for edge in made["edges"]:
        assert {edge["from"], edge["to"]} <= set(nodes(made))


def test_every_rule_carries_the_facts_of_its_pattern(made: Json, template: Template) -> None:
    carried = {edge["to"]: edge.get("carries", []) for edge in lines(made, "carries")}

    for name, rule in template.of("Events::Rule").items():
        pattern = rule.get("EventPattern", {}).get("detail-type")
        if pattern and "EventBusName" in rule:
            assert sorted(carried[name]) == sorted(pattern)


def test_a_rule_without_names_carries_all_facts_of_its_sources() -> None:
    facts = Facts({"OrderPlaced": "souk.ordering", "PriceChanged": "souk.catalog"})

    assert facts.matching({"source": [{"prefix": "souk."}]}) == ("OrderPlaced", "PriceChanged")
    assert facts.matching({"source": ["souk.catalog"]}) == ("PriceChanged",)


def test_every_route_leads_to_its_function(made: Json, template: Template) -> None:
    drawn = {key for edge in lines(made, "routes") for key in edge["carries"]}

    assert {route["RouteKey"] for route in template.of("ApiGatewayV2::Route").values()} == drawn


def test_every_dead_letter_queue_is_known_as_one(made: Json, template: Template) -> None:
    dead = {
        referred(queue["RedrivePolicy"]["deadLetterTargetArn"])
        for queue in template.of("SQS::Queue").values()
        if "RedrivePolicy" in queue
    }

    assert dead
    assert {nodes(made)[name]["kind"] for name in dead} == {"dead-letters"}


def test_dead_letters_go_back_to_the_queues_they_came_out_of(made: Json) -> None:
    back = {edge["to"] for edge in made["edges"] if edge["means"] == "redrives"}
    into_graves = {
        edge["from"]
        for edge in made["edges"]
        if edge["means"] == "gives-up" and nodes(made)[edge["from"]]["kind"] == "queue"
    }

    assert back == into_graves


def test_every_fact_is_on_the_map_with_who_says_and_hears_it(made: Json) -> None:
    messages = contracts.events_json()["channels"]["bus"]["messages"]
    drawn = {fact["name"]: fact for fact in made["facts"]}

    assert set(drawn) == set(messages)
    for name, message in messages.items():
        assert drawn[name]["room"] == message["x-source"].removeprefix("souk.")
        assert set(drawn[name]["heard_by"]) == set(message["x-heard-by"])
        assert drawn[name]["fields"]


def test_a_fact_can_be_followed_from_the_table_of_one_room_to_that_of_another(made: Json) -> None:
    means = {(edge["from"], edge["to"]): edge["means"] for edge in made["edges"]}
    by_place = {(node.get("room", ""), node["name"]): node["id"] for node in made["nodes"]}
    way = [("basket", "Table"), ("basket", "Relay"), ("", "Bus"), ("ordering", "Hears"),
           ("ordering", "Queue"), ("ordering", "Consumer"), ("ordering", "Table")]  # fmt: skip

    stops = [by_place[place] for place in way]

    assert [means[step] for step in pairwise(stops)] == [
        "streams", "says", "carries", "delivers", "delivers", "data",
    ]  # fmt: skip


def test_the_workflow_shows_every_state_and_whom_it_asks(made: Json) -> None:
    written = json.loads((ROOT / "src/souk/ordering/checkout.asl.json").read_text())
    (flow,) = made["workflows"]

    assert {state["name"] for state in flow["states"]} == set(written["States"])
    rooms = {state["name"]: state["room"] for state in flow["states"]}
    assert rooms["ReserveStock"] == "inventory"
    assert rooms["ConfirmOrder"] == "ordering"
    asked = {nodes(made)[edge["to"]]["room"] for edge in lines(made, "asks")}
    assert {"inventory", "payment", "ordering"} <= asked


def test_the_map_is_the_same_of_every_stage_and_each_time(made: Json, assembly: Path) -> None:
    assert shopmap.make(assembly, "Souk-dev") == made
    assert shopmap.make(assembly, "Souk-prod") == made


def test_a_room_added_tomorrow_appears_by_itself(assembly: Path) -> None:
    template = read_places(assembly, "Souk-dev")
    added = {
        name.replace("Basket", "Gifts"): json.loads(json.dumps(each).replace("Basket", "Gifts"))
        for name, each in template.resources.items()
        if name.startswith("Basket")
    }
    places = {
        name.replace("Basket", "Gifts"): ("Gifts", *place[1:])
        for name, place in template.places.items()
        if name.startswith("Basket")
    }
    grown = template._replace(
        resources={**template.resources, **added}, places={**template.places, **places}
    )

    made = shopmap.of_template(grown)

    assert "gifts" in {room["id"] for room in made["rooms"]}
    for drawing in made["drawings"].values():
        assert {"gifts", *added} & drawn(drawing) >= {"gifts", "GiftsQueue8C1CEFED"}
    assert edges(grown, Facts({})) != edges(template, Facts({}))


def drawn(drawing: Json) -> set[str]:
    return {group["of"] for group in drawing["groups"]}


@both_drawings
def test_every_node_and_room_is_drawn(made: Json, name: str) -> None:
    wanted = {*nodes(made), *(room["id"] for room in made["rooms"])}

    assert wanted <= drawn(made["drawings"][name])


def words(drawing: Json) -> list[tuple[str, Box]]:
    """Every text that is drawn, and about the space it takes."""
    found = []
    for group in drawing["groups"]:
        for tag, at, text in group["shapes"]:
            if tag == "text" and text and "transform" not in at:
                size = SIZES.get(at["class"], 11)
                width = text_width(text, size)
                left = {"start": 0.0, "middle": width / 2, "end": width}[at["text-anchor"]]
                box = Box(at["x"] - left, at["y"] - size * 0.75, width, size * 0.95)
                found.append((text, box))
    return found


@both_drawings
def test_no_label_lies_on_another_or_outside(made: Json, name: str) -> None:
    drawing = made["drawings"][name]
    paper = Box(0, 0, drawing["width"], drawing["height"])

    for text, box in words(drawing):
        assert box.x >= 0, text
        assert box.right <= paper.right, text
        assert box.bottom <= paper.bottom, text
    for (one, here), (other, there) in combinations(words(drawing), 2):
        assert not here.meets(there), f"{one!r} lies on {other!r}"


@both_drawings
def test_no_card_and_no_box_lies_on_another_of_its_kind(made: Json, name: str) -> None:
    for style in ("room", "node function", "node queue", "node dead-letters", "state task"):
        boxes = [
            (group["of"], Box(at["x"], at["y"], at["width"], at["height"]))
            for group in made["drawings"][name]["groups"]
            if group["style"] == style
            for tag, at, _ in group["shapes"][:1]
        ]
        for (one, here), (other, there) in combinations(boxes, 2):
            assert not here.meets(there), f"{one} lies on {other}"


def test_the_picture_is_well_formed_and_needs_nothing_else(made: Json) -> None:
    picture = shopmap.picture(made)

    tree = ET.fromstring(picture)  # noqa: S314 - our own
    assert tree.get("viewBox")
    assert "prefers-color-scheme: dark" in picture
    assert "url(" not in picture
    assert "href" not in picture


def test_the_picture_in_the_readme_is_up_to_date(made: Json) -> None:
    written = (ROOT / "docs" / "images" / "map.svg").read_text()

    assert written == shopmap.picture(made), "run: ./souk map --svg docs/images/map.svg"
