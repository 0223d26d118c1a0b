"""What is worth a warning about integrations that are as their owners wished."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tocsin_detector.domain.catalogue import close_names, unknown_service
from tocsin_detector.domain.integration import Integration
from tocsin_detector.store.catalogue import Catalogue

Warnings = Mapping[UUID, Sequence[str]]


async def warnings_about(catalogue: Catalogue, integrations: Sequence[Integration]) -> Warnings:
    """The warnings of each integration that has any.

    A service that the catalogue does not know is no error: it may be on its way here from the incidents service, and
    `tocsin apply` makes services and integrations in one go. So it is said for as long as it is true.
    """
    named = {one.id: one.service for one in integrations if one.service}
    known = await catalogue.called(named.values())
    unknown = {id_: name for id_, name in named.items() if name.strip().lower() not in known}
    if not unknown:
        return {}
    slugs = await catalogue.slugs_by_name()
    return {id_: [unknown_service(name, close_names(name, slugs))] for id_, name in unknown.items()}
