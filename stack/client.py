"""The connection to Temporal: one client for each process, and the search attributes operations filter by.

Importing this module imports Temporal's client, which takes a second: import it where it is needed.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode

from stack.errors import StackError
from stack.settings import Settings
from workflows import attributes

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0
_KNOWN_SECONDS = 20.0
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


Key = SearchAttributeKey[str] | SearchAttributeKey[datetime] | SearchAttributeKey[bool]


class TemporalUnreachableError(StackError):
    """Temporal does not answer, or does not know the namespace.

    Attributes:
        namespace_missing: Whether it answers, and only the namespace is not there.
    """

    namespace_missing = False


class SearchAttributeError(StackError):
    """The namespace's search attributes are not those that the workflows write."""


async def connect(
    settings: Settings, *, attempts: int | None = 5, runtime: Runtime | None = None, identity: str | None = None
) -> Client:
    """Connect to Temporal and see that the namespace is there; call it once in a process.

    Args:
        settings: ``temporal_address`` and ``temporal_namespace`` say where.
        attempts: How often to try, with growing pauses of 0.1 s to 5 s; None tries until it is cancelled.
        runtime: Where the SDK's metrics and log lines go.
        identity: How Temporal's pages call this process; by default its process id and host.

    Raises:
        TemporalUnreachableError: When all attempts failed, or no address is set.
    """
    address = settings.temporal_address
    if address is None:
        raise TemporalUnreachableError(
            "No Temporal is named: set TEMPORAL_ADDRESS, or start the whole stack with 'make up'."
        )
    attempt = 0
    while True:
        attempt += 1
        try:
            return await _connect_once(settings, address, runtime, identity)
        except (RPCError, RuntimeError) as error:
            if attempts is not None and attempt >= attempts:
                raise _unreachable(error, address, settings.temporal_namespace) from error
            await asyncio.sleep(min(_FIRST_WAIT_SECONDS * 2 ** min(attempt - 1, 16), _LONGEST_WAIT_SECONDS))


async def _connect_once(settings: Settings, address: str, runtime: Runtime | None, identity: str | None) -> Client:
    local = address.rpartition(":")[0] in _LOCAL_HOSTS
    client = await Client.connect(
        address,
        namespace=settings.temporal_namespace,
        data_converter=pydantic_data_converter,
        runtime=runtime,
        identity=identity,
        # Nothing is gained by compressing what does not leave the machine.
        grpc_compression=GrpcCompression.NONE if local else GrpcCompression.GZIP,
    )
    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=settings.temporal_namespace))
    return client


def _unreachable(error: Exception, address: str, namespace: str) -> TemporalUnreachableError:
    if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
        missing = TemporalUnreachableError(
            f"Temporal at {address} has no namespace {namespace!r}: create it with "
            f"'temporal operator namespace create --namespace {namespace}', or set TEMPORAL_NAMESPACE."
        )
        missing.namespace_missing = True
        return missing
    return TemporalUnreachableError(
        f"Temporal does not answer at {address}: start it, or set TEMPORAL_ADDRESS to where it is."
    )


async def register_search_attributes(client: Client, keys: Iterable[Key] = attributes.ALL) -> tuple[str, ...]:
    """Add the search attributes the namespace does not have, and see that each has its type; harmless to repeat.

    The server takes a name that exists with another type without a word, and then refuses every workflow that
    writes it; so types are compared first, and again afterwards.

    Returns:
        The names that were added.

    Raises:
        SearchAttributeError: When one has another type, or is not known after it was added.
    """
    wanted = {key.name: _type_of(key) for key in keys}
    there = await _registered(client)
    _refuse_other_types(client.namespace, wanted, there)
    missing = {name: kind for name, kind in wanted.items() if name not in there}
    if missing:
        await _add(client, missing)
        await _until_known(client, wanted)
    return tuple(missing)


async def _add(client: Client, missing: dict[str, IndexedValueType.ValueType]) -> None:
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        # Another process may have added them in the same moment; what counts is what is known afterwards.
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return
        raise SearchAttributeError(
            f"Search attributes cannot be added to the namespace {client.namespace!r} ({error.status.name}): "
            + "; ".join(
                f"temporal operator search-attribute create --name {name} --type {_word(kind)}"
                for name, kind in missing.items()
            )
        ) from error


async def _until_known(client: Client, wanted: dict[str, IndexedValueType.ValueType]) -> None:
    """A server reads its own list again every few seconds."""
    limit = time.monotonic() + _KNOWN_SECONDS
    while True:
        there = await _registered(client)
        _refuse_other_types(client.namespace, wanted, there)
        unknown = sorted(wanted.keys() - there)
        if not unknown:
            return
        if time.monotonic() > limit:
            raise SearchAttributeError(
                f"Temporal took the search attributes {', '.join(unknown)}, and does not know them after "
                f"{_KNOWN_SECONDS:.0f} s: start again, and look at its log if that does not help."
            )
        await asyncio.sleep(_FIRST_WAIT_SECONDS)


async def _registered(client: Client) -> dict[str, IndexedValueType.ValueType]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return {**answer.system_attributes, **answer.custom_attributes}


def _refuse_other_types(
    namespace: str,
    wanted: dict[str, IndexedValueType.ValueType],
    there: dict[str, IndexedValueType.ValueType],
) -> None:
    wrong = [
        f"{name} is {_word(there[name])} and must be {_word(kind)}"
        for name, kind in wanted.items()
        if there.get(name, kind) != kind
    ]
    if wrong:
        raise SearchAttributeError(
            f"The namespace {namespace!r} has search attributes of another type: {'; '.join(wrong)}. "
            "Remove them with 'temporal operator search-attribute remove --name <name>', or use another namespace."
        )


def _type_of(key: Key) -> IndexedValueType.ValueType:
    return IndexedValueType.ValueType(int(key.indexed_value_type))


def _word(kind: IndexedValueType.ValueType) -> str:
    """``INDEXED_VALUE_TYPE_DATETIME`` as a person reads it."""
    return IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").capitalize()
