import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from stack.client import SearchAttributeError, TemporalUnreachableError, connect, register_search_attributes
from stack.settings import Settings
from stack.temporal_server import EmbeddedTemporal
from workflows import attributes


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedTemporal]:
    """A server whose namespace has no search attributes yet."""
    temporal = EmbeddedTemporal(tmp_path_factory.mktemp("temporal"))
    await temporal.start()
    yield temporal
    await temporal.stop()


@pytest.fixture
async def client(server: EmbeddedTemporal) -> Client:
    """A client of that server."""
    return await connect(Settings(temporal_address=server.address))


async def namespace(client: Client, name: str) -> Client:
    """A client of a namespace of one test alone."""
    request = RegisterNamespaceRequest(namespace=name)
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(request)
    return await connect(Settings(temporal_address=client.service_client.config.target_host, temporal_namespace=name))


async def test_attributes_are_added_once_and_then_known(client: Client) -> None:
    apart = await namespace(client, "once")

    first = await register_search_attributes(apart)
    again = await register_search_attributes(apart)

    assert first == tuple(key.name for key in attributes.ALL)
    assert again == ()


async def test_missing_attribute_is_added_to_those_that_are_there(client: Client) -> None:
    apart = await namespace(client, "some")
    await register_search_attributes(apart, attributes.ALL[:3])

    added = await register_search_attributes(apart)

    assert added == tuple(key.name for key in attributes.ALL[3:])


async def test_attribute_of_another_type_is_refused_with_the_way_out(client: Client) -> None:
    apart = await namespace(client, "other")
    await register_search_attributes(apart, (SearchAttributeKey.for_text("Stage"),))

    with pytest.raises(SearchAttributeError) as refused:
        await register_search_attributes(apart)

    assert str(refused.value) == (
        "The namespace 'other' has search attributes of another type: Stage is Text and must be Keyword. "
        "Remove them with 'temporal operator search-attribute remove --name <name>', or use another namespace."
    )


async def test_client_speaks_pydantic_and_plain_on_this_machine(client: Client) -> None:
    answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))

    assert answer.namespace_info.name == "default"
    assert client.data_converter.payload_converter_class.__module__ == "temporalio.contrib.pydantic"
    assert type(client.service_client.config.grpc_compression).__name__ == "_NoGrpcCompression"


async def test_server_that_is_away_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(TemporalUnreachableError) as unreachable:
            await connect(Settings(temporal_address=address), attempts=2)

    assert str(unreachable.value) == (
        f"Temporal does not answer at {address}: start it, or set TEMPORAL_ADDRESS to where it is."
    )


async def test_server_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    import asyncio

    later = EmbeddedTemporal(tmp_path / "later")
    await later.start()
    await later.stop()
    connecting = asyncio.ensure_future(connect(Settings(temporal_address=later.address), attempts=None))
    done, _ = await asyncio.wait({connecting}, timeout=0.5)
    assert not done

    await later.start()

    try:
        assert (await connecting).namespace == "default"
    finally:
        await later.stop()


async def test_unknown_namespace_is_named(client: Client) -> None:
    settings = Settings(temporal_address=client.service_client.config.target_host, temporal_namespace="nowhere")

    with pytest.raises(
        TemporalUnreachableError, match="has no namespace 'nowhere': create it with 'temporal operator"
    ):
        await connect(settings, attempts=1)


async def test_no_address_is_said() -> None:
    with pytest.raises(TemporalUnreachableError, match="set TEMPORAL_ADDRESS, or start the whole stack"):
        await connect(Settings())


async def test_refusal_to_add_names_the_commands(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = await namespace(client, "full")
    keywords = [SearchAttributeKey.for_keyword(f"Filler{number}") for number in range(40)]

    with pytest.raises((SearchAttributeError, RPCError)) as refused:
        await register_search_attributes(elsewhere, keywords)

    assert "temporal operator search-attribute create --name Filler0 --type Keyword" in str(refused.value)
