"""What an operator applies: rendered by the real kustomize, checked against real schemas and the table of paths."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.contract.operator_schemas import OPERATOR
from tests.kustomize import Document, of_kind
from tocsin.configuration import Integration
from tocsin.paths import PATHS, owner
from tocsin.proxies import NGINX, generated
from tocsin_analytics.settings import AnalyticsSettings
from tocsin_chassis.serving import missing_for_serving
from tocsin_comms.settings import CommsSettings
from tocsin_detector.settings import DetectorSettings
from tocsin_incidents.settings import IncidentsSettings
from tocsin_paging.settings import PagingSettings
from tocsin_runtime.settings import SERVICES, PlatformSettings, known_variables

ROOT = Path(__file__).parents[2]
KNOWN = known_variables(
    [PlatformSettings, DetectorSettings, IncidentsSettings, PagingSettings, CommsSettings, AnalyticsSettings]
)


def pods(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    for workload in of_kind(documents, "Deployment", "Job"):
        yield workload["metadata"]["name"], workload["spec"]["template"]["spec"]


def test_every_document_is_of_its_schema(documents: list[Document]) -> None:
    for document in documents:
        if document["apiVersion"] != OPERATOR:  # see test_deploy_monitoring.py
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_check_would_notice_a_misspelt_field(documents: list[Document]) -> None:
    deployment = next(of_kind(documents, "Deployment"))
    broken = {**deployment, "spec": {**deployment["spec"], "replcas": 2}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_every_pod_is_restricted(documents: list[Document]) -> None:
    for name, pod in pods(documents):
        assert pod["enableServiceLinks"] is False, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            rules = container["securityContext"]
            assert rules["allowPrivilegeEscalation"] is False, name
            assert rules["capabilities"] == {"drop": ["ALL"]}, name
            assert {"requests", "limits"} <= container["resources"].keys(), name
            if name.startswith("tocsin-"):
                assert rules["readOnlyRootFilesystem"] is True, name
                assert pod["securityContext"]["runAsUser"] >= 10_000, name


def test_all_five_are_there_with_probes_and_a_rolling_update_that_loses_nobody(
    documents: list[Document],
) -> None:
    found = {each["metadata"]["name"]: each for each in of_kind(documents, "Deployment")}

    assert {f"tocsin-{service}" for service in SERVICES} <= found.keys()
    for service in SERVICES:
        spec = found[f"tocsin-{service}"]["spec"]
        [container] = spec["template"]["spec"]["containers"]
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 40
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert re.search(rf"tocsin-{service}(:|$)", container["image"])


def test_a_service_sees_its_own_database_login_only(documents: list[Document]) -> None:
    for name, pod in pods(documents):
        if name == "tocsin-migrate" or not name.startswith("tocsin-"):
            continue
        names = [each["secretRef"]["name"] for each in pod["containers"][0]["envFrom"] if "secretRef" in each]
        unhashed = {re.sub(r"-[a-z0-9]{10}$", "", each) for each in names}
        assert unhashed == {"tocsin", name}


def test_every_setting_is_one_that_tocsin_knows(documents: list[Document]) -> None:
    given = {
        key
        for each in of_kind(documents, "ConfigMap", "Secret")
        for key in [*each.get("data", {}), *each.get("stringData", {})]
    }

    assert given
    assert given <= KNOWN


def test_services_find_their_pods(production: list[Document]) -> None:
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in of_kind(production, "Deployment")
    }
    for each in of_kind(production, "Service", "PodDisruptionBudget"):
        selector = each["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        found = [name for name, has in labels.items() if wanted <= has.items()]
        assert found == [each["metadata"]["name"]]
    assert len(list(of_kind(production, "Service"))) == len(SERVICES)


def test_generated_files_are_current() -> None:
    for path, content in generated().items():
        assert (ROOT / path).read_text() == content, f"{path}: run `make generate`"


def paths_to_try() -> list[str]:
    deeper = [f"{prefix}/x/y.json" for prefix in PATHS]
    beside = [f"{prefix}x" for prefix in PATHS]
    return [*PATHS, *deeper, *beside, "/", "/metrics", "/livez", "/internal/v1/events", "/api/v1", "/nothing"]


def test_the_proxy_sends_every_path_to_its_owner() -> None:
    rules = re.findall(r"^    ~(\S+) (\w+);$", (ROOT / NGINX).read_text(), flags=re.MULTILINE)
    for path in paths_to_try():
        sent_to = next((service for rule, service in rules if re.search(rule, path)), None)
        expected = owner(path)
        assert sent_to == (expected if expected in SERVICES else None), path


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/api/v1/webhooks/generic/s3cret", "/api/v1/webhooks"),
        ("/ack/s3cret", "/ack"),
        ("/login/link/s3cret", "/login"),
        ("/alertmanager/k/s3cret/api/v2/alerts", "/alertmanager"),
        ("/incidents", "/incidents"),
        ("/S3CRET", ""),
    ],
)
def test_the_proxy_logs_where_a_path_begins_and_nothing_else(path: str, logged: str) -> None:
    written = (ROOT / NGINX).read_text()
    [rule] = re.findall(r'^    "~(\S+)" \$kept;$', written, flags=re.MULTILINE)
    found = re.search(rule.replace("?<", "?P<"), path)

    assert (found["kept"] if found else "") == logged
    assert re.findall(r"access_log (.*);", written) == ["/dev/stdout tocsin"]
    assert re.findall(r"error_log (.*);", written) == ["/dev/stderr alert"]
    said = written[written.index("log_format") : written.index("server {")]
    assert not re.search(r"\$(request|request_uri|uri|args|query_string|http_\w+)\b", said)


def test_the_proxy_says_itself_what_is_wrong_as_services_do() -> None:
    """nginx overrides the status of what `error_page` leads to, unless that is said there (`=503`)."""
    written = (ROOT / NGINX).read_text()
    pages = re.findall(r"^    error_page ([\d ]+) =(\d+) @(\w+);$", written, flags=re.MULTILINE)
    assert [(errors, status) for errors, status, _ in pages] == [
        ("404", "404"), ("413", "413"), ("502 503 504", "503"),
    ]  # fmt: skip
    for _, status, name in pages:
        [place] = re.findall(
            rf"^    location @{name} {{\n(.*?)^    }}$", written, flags=re.MULTILINE | re.DOTALL
        )
        assert re.search(r"types {}.*\n +default_type application/problem\+json;", place)
        assert ("add_header Retry-After 5 always;" in place) == (status == "503")
        [(answered, said)] = re.findall(r"^        return (\d+) '([^'$]*)';$", place, flags=re.MULTILINE)
        problem = json.loads(said)
        assert (answered, str(problem["status"]), problem["code"]) == (status, status, name)
        assert {"type", "title", "detail"} <= problem.keys()
    assert "proxy_intercept_errors" not in written, "what a service says passes as it is"


def test_every_proxy_lets_the_largest_body_through(production: list[Document]) -> None:
    [limit] = Integration.model_fields["body_limit_bytes"].metadata[1:]
    largest = f"{limit.le // 2**20}m"
    [ingress] = of_kind(production, "Ingress")

    assert f"client_max_body_size {largest};" in (ROOT / NGINX).read_text()
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] == largest


def test_the_ingress_sends_every_path_to_its_owner(production: list[Document]) -> None:
    [rule] = next(of_kind(production, "Ingress"))["spec"]["rules"]
    prefixes = {
        each["path"]: each["backend"]["service"]["name"].removeprefix("tocsin-")
        for each in rule["http"]["paths"]
        if each["pathType"] == "Prefix"
    }
    for path in paths_to_try():
        longest = max((p for p in prefixes if path == p or path.startswith(f"{p}/")), key=len, default="")
        expected = owner(path)
        assert prefixes.get(longest) == (expected if expected in SERVICES else None), path


def test_compose_runs_the_same_five_and_knows_its_settings() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    for service in SERVICES:
        entry = compose[service]
        assert entry["build"]["args"] == {"SERVICE": service}
        assert entry["read_only"] is True
        assert entry["cap_drop"] == ["ALL"]
        assert entry["environment"].keys() <= KNOWN
    assert compose["migrate"]["command"] == ["migrate"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_with_a_login_of_its_own_needs_no_shared_one(service: str) -> None:
    own = {f"{service}_database_url": "postgresql://its-own@db/tocsin", "secret_key": "x" * 32}

    assert missing_for_serving(service, PlatformSettings.model_validate(own)) == []
    assert len(missing_for_serving(service, PlatformSettings())) == 2


@pytest.mark.parametrize("service", SERVICES)
def test_a_wheel_of_one_service_holds_that_one_alone(service: str, tmp_path: Path) -> None:
    """What the Dockerfile does: the same pyproject.toml, with the other services not there."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "libs", tmp_path / "libs", ignore=ignore)
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service, ignore=ignore)

    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    [wheel] = (tmp_path / "dist").glob("*.whl")
    packages = {
        name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist() if name.startswith("tocsin_")
    }
    assert packages & {f"tocsin_{each}" for each in SERVICES} == {f"tocsin_{service}"}
    assert {"tocsin_runtime", "tocsin_bus", "tocsin_chassis", "tocsin_theme"} <= packages
    assert any(
        name.endswith("migrations/versions/0001_first.py") for name in zipfile.ZipFile(wheel).namelist()
    )
