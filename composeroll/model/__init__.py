"""The types that all rooms share: replicas, upstreams, routes. Only data."""

from composeroll.model.container import (
    Attachment,
    ContainerEvent,
    ContainerState,
    Health,
    Healthcheck,
    Hook,
    LogStream,
    Mount,
    Output,
    Process,
    Replica,
)
from composeroll.model.finding import (
    Finding,
    Locate,
    Severity,
)
from composeroll.model.traffic import (
    Answered,
    Held,
    Site,
    Visit,
)
from composeroll.model.upstream import (
    Protocol,
    Route,
    Server,
    Upstream,
    host_of_address,
)

__all__ = [
    "Answered",
    "Attachment",
    "ContainerEvent",
    "ContainerState",
    "Finding",
    "Health",
    "Healthcheck",
    "Held",
    "Hook",
    "Locate",
    "LogStream",
    "Mount",
    "Output",
    "Process",
    "Protocol",
    "Replica",
    "Route",
    "Server",
    "Severity",
    "Site",
    "Upstream",
    "Visit",
    "host_of_address",
]
