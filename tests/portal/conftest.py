"""The portal over real servers and a real worker; weeks are skipped, as in the workflow tests.

How it is used::

    async def test_something(rig, cohort, a_visit):
        case = await cohort.nominate()
        visit = await a_visit(rig.nominator)          # somebody signed in, in their role
        page = await visit.get("/organisation")
        after = await page.submit(field="value")      # fills in the page's form and follows where it leads
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from temporalio.testing import WorkflowEnvironment

from models.enums import Role
from models.ids import PersonId
from models.messages import By
from models.tables import Assessor, Person, RoleGrant
from notify.channels import MailboxChannel
from notify.compose import sender_from
from portal.app import make_portal
from portal.services import HERE, LOOPBACK, Branding, Services
from portal.sessions import SessionLimits
from stack.postgres import EmbeddedPostgres
from tests.portal.visiting import Visit
from tests.workflows.conftest import a_rig, cohort
from tests.workflows.rig import CohortRig, Rig

__all__ = ["cohort"]

A_Visit = Callable[..., Awaitable[Visit]]
ADVISER = By(person=PersonId("p-0000000000a6"), role=Role.INCLUSION_ADVISER)


@pytest.fixture(scope="module")
async def rig(
    temporal_env: WorkflowEnvironment,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Rig]:
    """Servers as in the workflow tests, and a database for each file of tests: lists show what others left there."""
    async with a_rig(temporal_env, postgres_server, template_database, tmp_path_factory.mktemp("mailbox")) as rig:
        yield rig


@pytest.fixture(scope="module")
async def services(rig: Rig) -> Services:
    """The portal's surroundings: the rig's servers."""
    return Services(
        acts=rig.acts,
        channel=MailboxChannel(rig.mailbox),
        sender=sender_from("Talent Pool <talent-pool@example.nhs.test>"),
        branding=Branding(development=True),
        limits=SessionLimits(idle=timedelta(minutes=30), longest=timedelta(hours=12)),
        mailbox=rig.mailbox,
        hosts=LOOPBACK | {"portal.test"},
        here=HERE | {"portal.test"},
    )


@pytest.fixture(scope="module")
def portal(services: Services) -> FastAPI:
    """The portal as it is served."""
    return make_portal(services)


@pytest.fixture
async def a_visit(portal: FastAPI, services: Services) -> AsyncIterator[A_Visit]:
    """``await a_visit(rig.nominator)`` is somebody signed in; without a person, somebody who is not."""
    visits: list[Visit] = []

    async def a_visit(by: By | None = None, place: str | None = None) -> Visit:
        visit = Visit(portal, services)
        visits.append(visit)
        return await visit.signed_in_as(by, place) if by else visit

    yield a_visit
    for visit in visits:
        await visit.close()


@pytest.fixture(scope="module")
async def adviser(rig: Rig) -> By:
    """An inclusion adviser."""
    async with rig.sessions.begin() as session:
        session.add(Person(id=ADVISER.person, full_name="The adviser", email="adviser@example.nhs.test"))
        await session.flush()
        session.add(RoleGrant(person_id=ADVISER.person, role=ADVISER.role, granted_at=datetime.now(UTC)))
    return ADVISER


async def assessor_of(cohort: CohortRig, reference: str) -> By:
    """The person behind an assessor's reference, as an assessor."""
    row = await cohort.rig.get(Assessor, (reference, cohort.id))
    return By(person=PersonId(row.person_id), role=Role.ASSESSOR)
