"""Debian's Prometheus and Alertmanager as real senders: a rule fires, a notification goes where it is configured."""

import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from tocsin_testkit.waiting import wait_until
from tocsin_testkit.world import free_port


class Monitoring:
    """A Prometheus with one rule, and an Alertmanager that posts to `webhook`; use it in a `with`.

    `scrape` is host:port of what is scraped as job `tocsin`; the rule fires while that is up. With
    `as_alertmanager` (host:port and path prefix) Prometheus also sends to that, as if it were an Alertmanager.
    """

    def __init__(
        self, folder: Path, *, scrape: str, webhook: str, as_alertmanager: tuple[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._scrape = scrape
        self._webhook = webhook
        self._as_alertmanager = as_alertmanager
        self.prometheus = f"127.0.0.1:{free_port()}"
        self.alertmanager = f"127.0.0.1:{free_port()}"
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._write()
        self._start(
            "prometheus-alertmanager",
            "--config.file=alertmanager.yml",
            "--storage.path=am",
            f"--web.listen-address={self.alertmanager}",
            "--cluster.listen-address=",
        )
        self._start(
            "prometheus",
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=tsdb",
            f"--web.listen-address={self.prometheus}",
        )
        wait_until(lambda: self._answers(f"http://{self.prometheus}/-/ready"), within=60)
        wait_until(lambda: self._answers(f"http://{self.alertmanager}/-/ready"), within=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(timeout=20)

    def query(self, expression: str) -> list[dict[str, object]]:
        """The result of an instant query."""
        answer = httpx2.get(f"http://{self.prometheus}/api/v1/query", params={"query": expression})
        result: list[dict[str, object]] = answer.json()["data"]["result"]
        return result

    def _start(self, program: str, *arguments: str) -> None:
        path = shutil.which(program)
        assert path, f"{program} is not installed"
        with (self._folder / f"{program}.log").open("wb") as log:
            self._running.append(
                subprocess.Popen([path, *arguments], cwd=self._folder, stdout=log, stderr=log)
            )

    def _answers(self, url: str) -> bool:
        try:
            return httpx2.get(url, timeout=2).status_code == 200
        except httpx2.TransportError:
            return False

    def _write(self) -> None:
        senders = f"    - static_configs: [{{targets: ['{self.alertmanager}']}}]\n"
        if self._as_alertmanager is not None:
            target, prefix = self._as_alertmanager
            senders += f"    - path_prefix: {prefix}\n      static_configs: [{{targets: ['{target}']}}]\n"
        (self._folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            "rule_files: [rules.yml]\n"
            f"alerting:\n  alertmanagers:\n{senders}"
            f"scrape_configs:\n  - job_name: tocsin\n    static_configs: [{{targets: ['{self._scrape}']}}]\n"
        )
        (self._folder / "rules.yml").write_text(
            "groups:\n  - name: story\n    rules:\n      - alert: CheckoutDown\n"
            '        expr: up{job="tocsin"} == 1\n'
            "        labels: {severity: critical, service: checkout}\n"
            "        annotations: {summary: Checkout does not answer}\n"
        )
        (self._folder / "alertmanager.yml").write_text(
            "route: {receiver: tocsin, group_by: [alertname], group_wait: 0s, group_interval: 1s}\n"
            f"receivers:\n  - name: tocsin\n    webhook_configs: [{{url: '{self._webhook}', send_resolved: true}}]\n"
        )
