"""What the Prometheus Operator is given: of its schema, and about services and ports that are there."""

import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.contract.operator_schemas import OPERATOR, SCHEMAS
from tests.kustomize import Document, of_kind
from tocsin_runtime.settings import SERVICES


def check(document: Document) -> None:
    jsonschema.Draft202012Validator(SCHEMAS[document["kind"]]).validate(document)


def seconds(duration: str) -> int:
    """Of a duration in seconds or minutes, which is all that the monitor uses."""
    found = re.fullmatch(r"(\d+)([sm])", duration)
    assert found
    return int(found[1]) * (60 if found[2] == "m" else 1)


def monitor_of(production: list[Document]) -> dict[str, Any]:
    [monitor] = of_kind(production, "ServiceMonitor")
    return dict(monitor["spec"])


def test_every_document_is_of_its_schema(production: list[Document]) -> None:
    own = [document for document in production if document["apiVersion"] == OPERATOR]

    assert {document["kind"] for document in own} == SCHEMAS.keys()
    for document in own:
        check(document)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_check_would_notice_a_misspelt_field_and_one_that_is_missing(
    production: list[Document], kind: str
) -> None:
    document = next(of_kind(production, kind))
    parts = document["spec"].get("endpoints") or document["spec"]["groups"][0]["rules"]
    for name in parts[0]:
        broken = deepcopy(document)
        part = (broken["spec"].get("endpoints") or broken["spec"]["groups"][0]["rules"])[0]
        part[f"{name}s"] = part.pop(name)
        with pytest.raises(jsonschema.ValidationError):
            check(broken)


def test_the_monitor_finds_every_service_and_its_port(production: list[Document]) -> None:
    spec = monitor_of(production)
    wanted = spec["selector"]["matchLabels"].items()
    found = [each for each in of_kind(production, "Service") if wanted <= each["metadata"]["labels"].items()]

    assert wanted
    assert {each["metadata"]["name"] for each in found} == {f"tocsin-{service}" for service in SERVICES}
    for endpoint in spec["endpoints"]:
        for each in found:
            assert endpoint["port"] in [port["name"] for port in each["spec"]["ports"]]
        assert seconds(endpoint["scrapeTimeout"]) <= seconds(endpoint["interval"])


def test_what_the_services_point_to_is_a_port_of_their_pods(production: list[Document]) -> None:
    ports = {
        each["metadata"]["name"]: [
            port["name"]
            for container in each["spec"]["template"]["spec"]["containers"]
            for port in container["ports"]
        ]
        for each in of_kind(production, "Deployment")
    }
    for each in of_kind(production, "Service"):
        for port in each["spec"]["ports"]:
            assert port["targetPort"] in ports[each["metadata"]["name"]]


def test_no_two_rules_have_one_name_and_each_says_how_bad_it_is(production: list[Document]) -> None:
    [document] = of_kind(production, "PrometheusRule")
    rules = [rule for group in document["spec"]["groups"] for rule in group["rules"]]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "high"}
        assert rule["annotations"]["summary"]


@pytest.mark.prometheus
def test_the_alerting_rules_are_valid(production: list[Document], tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump(next(of_kind(production, "PrometheusRule"))["spec"]))

    done = subprocess.run(
        ["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
