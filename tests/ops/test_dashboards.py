"""Prometheus and Grafana: targets that exist, panels whose metrics are really exported."""

import asyncio
import contextlib
import json
import re
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import Worker

from .conftest import ROOT, TemporalServer, free_ports

DASHBOARDS = sorted((ROOT / "ops" / "grafana" / "dashboards").glob("*.json"))
PROMETHEUS = yaml.safe_load((ROOT / "ops" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
# PromQL's own words that stand where a metric's name could.
LANGUAGE = {
    "absent",
    "and",
    "by",
    "count",
    "histogram_quantile",
    "increase",
    "le",
    "max",
    "min",
    "or",
    "rate",
    "sum",
    "unless",
    "vector",
    "without",
}
# Prometheus writes this one itself.
OF_PROMETHEUS = {"up"}
TEN_SECONDS = timedelta(seconds=10)


def expressions() -> dict[str, str]:
    """Every PromQL expression of the dashboards and alerts, by where it stands."""
    found = {}
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                found[f"{path.name}: {panel['title']} {target['refId']}"] = target["expr"]
    alerts = yaml.safe_load((ROOT / "ops" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    for group in alerts["groups"]:
        for rule in group["rules"]:
            found[f"alerts.yml: {rule['alert']}"] = rule["expr"]
    return found


def metrics_of(expression: str) -> set[str]:
    """Names of metrics in an expression: words that are neither labels, ranges nor PromQL's own."""
    without = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without) \([^)]*\)", "", expression)
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b", without)) - LANGUAGE - OF_PROMETHEUS


@activity.defn
async def succeed() -> None:
    """Succeed."""


@activity.defn
async def fail() -> None:
    raise ApplicationError("refused", non_retryable=True)


@workflow.defn(sandboxed=False)
class Exercise:
    """Does once whatever makes the SDK export a metric of the dashboards."""

    broken_tasks = 0

    def __init__(self) -> None:
        self.told = False

    @workflow.run
    async def run(self, ending: str) -> None:
        await workflow.execute_activity(succeed, start_to_close_timeout=TEN_SECONDS)
        await workflow.execute_local_activity(succeed, start_to_close_timeout=TEN_SECONDS)
        for execute in (workflow.execute_activity, workflow.execute_local_activity):
            # A remote activity's failure comes as an ActivityError, a local one's as the error itself.
            with contextlib.suppress(FailureError):
                await execute(fail, start_to_close_timeout=TEN_SECONDS)
        await workflow.wait_condition(lambda: self.told or ending == "continued")
        if ending == "fail":
            raise ApplicationError("refused")
        if ending == "continue":
            workflow.continue_as_new("continued")
        if ending == "break" and not Exercise.broken_tasks:
            Exercise.broken_tasks += 1
            raise RuntimeError("a workflow task fails once")
        if ending == "wait":
            await workflow.wait_condition(lambda: False)

    @workflow.update
    async def tell(self) -> None:
        self.told = True


async def exercise(client: Client) -> None:
    """Run one workflow to each ending, with a cache so small that workflows are evicted and replayed."""
    activities = [succeed, fail]
    async with Worker(client, task_queue="ops", workflows=[Exercise], activities=activities, max_cached_workflows=2):
        endings = ["complete", "fail", "continue", "break", "wait"]
        handles = {
            ending: await client.start_workflow(Exercise.run, ending, id=f"ops/{ending}", task_queue="ops")
            for ending in endings
        }
        for handle in handles.values():
            await handle.execute_update(Exercise.tell)
        await handles["wait"].cancel()
        await asyncio.gather(*(handles[ending].result() for ending in ("complete", "continue", "break")))
        with pytest.raises(WorkflowFailureError):
            await handles["wait"].result()
        with pytest.raises(WorkflowFailureError):
            await handles["fail"].result()
        with pytest.raises(RPCError):
            await client.get_workflow_handle("ops/nobody").describe()


def names_in(url: str) -> set[str]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own servers on the loopback address
        lines = answer.read().decode().splitlines()
    return {re.split(r"[{ ]", line, maxsplit=1)[0] for line in lines if not line.startswith("#")}


@pytest.fixture(scope="module")
async def exported(watched_server: TemporalServer) -> set[str]:
    """Names of the metrics a real worker and a real server export."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    runtime = Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=address)))
    client = await Client.connect(watched_server.address, runtime=runtime)
    await exercise(client)
    return names_in(f"http://{address}/metrics") | names_in(watched_server.metrics)


def test_expressions_are_found():
    assert len(expressions()) > 40
    assert metrics_of('sum by (le) (rate(a_bucket{x="y"}[5m])) > 1 or vector(0)') == {"a_bucket"}


async def test_every_metric_shown_or_alerted_on_is_exported(exported):
    unknown = {where: metrics_of(expression) - exported for where, expression in expressions().items()}

    assert {where: names for where, names in unknown.items() if names} == {}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_dashboard_is_whole(path: Path):
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]

    assert dashboard["uid"].startswith("talent-pool-")
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["description"] and panel["targets"] for panel in panels)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_panels_do_not_lie_on_each_other(path: Path):
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_panels_use_the_provisioned_data_source():
    sources = yaml.safe_load(
        (ROOT / "ops" / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )
    uids = {
        panel["datasource"]["uid"]
        for path in DASHBOARDS
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
        if "datasource" in panel
    }

    assert uids == {source["uid"] for source in sources["datasources"]}


def test_data_source_is_the_prometheus_service(services):
    sources = yaml.safe_load(
        (ROOT / "ops" / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )

    assert sources["datasources"][0]["url"] == "http://prometheus:9090"
    assert set(services["prometheus"]["networks"]) & set(services["grafana"]["networks"])


def test_dashboards_are_provisioned_from_where_they_are_mounted(services):
    provider = ROOT / "ops" / "grafana" / "provisioning" / "dashboards" / "dashboards.yml"
    folder = yaml.safe_load(provider.read_text(encoding="utf-8"))["providers"][0]["options"]["path"]

    assert f"./ops/grafana/dashboards:{folder}:ro" in services["grafana"]["volumes"]
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "ops" / "grafana" / "dashboards" / Path(home).name).is_file()


def test_prometheus_scrapes_the_workers_where_they_serve(services):
    jobs = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}
    discovery = jobs["worker"]["dns_sd_configs"][0]

    assert discovery["names"] == ["worker"]
    assert str(discovery["port"]) == services["worker"]["environment"]["TALENT_POOL_METRICS_PORT"]
    assert set(services["worker"]["networks"]) & set(services["prometheus"]["networks"])


def test_prometheus_scrapes_the_temporal_service_where_it_serves(services):
    jobs = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}
    host, port = jobs["temporal"]["static_configs"][0]["targets"][0].split(":")

    assert services[host]["environment"]["PROMETHEUS_ENDPOINT"] == f"0.0.0.0:{port}"
    assert set(services[host]["networks"]) & set(services["prometheus"]["networks"])
