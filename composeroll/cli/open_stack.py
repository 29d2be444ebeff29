"""From flags to a stack: compose reads the model while the rooms are imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from composeroll.config.layers import Layer, environment_layer

if TYPE_CHECKING:
    from composeroll.config.flags import ComposeFlags
    from composeroll.report.events import Emit
    from composeroll.rollout.stack import Stack

Shield = Callable[[], AbstractContextManager[None]]


@contextmanager
def open_stack(
    flags: ComposeFlags,
    given: Layer,
    emit: Emit,
    shield: Shield = nullcontext,
    *,
    shows_replicas: bool = False,
) -> Iterator[Stack]:
    """A stack for one run.

    Args:
        flags: compose's flags as given.
        given: the settings from the command line.
        emit: where events go.
        shield: what holds signals back on the way back.
        shows_replicas: whether anybody sees how each replica fares.

    Raises:
        UsageError: compose cannot read its files, in compose's own words.
        SettingsError: a wrong key or value in x-composeroll, the environment or a flag.
        EngineUnreachable: there is no docker, or no engine.
    """
    from composeroll.engine.compose.reads import start_config  # noqa: PLC0415 - see below

    with start_config(flags) as reading:
        # compose reads the model meanwhile: imports cost as much as its answer
        from msgspec.structs import replace  # noqa: PLC0415

        from composeroll.cli.rooms import assemble  # noqa: PLC0415
        from composeroll.config.files import (  # noqa: PLC0415
            compose_files,
            env_files,
            name_separator,
            project_directory,
        )
        from composeroll.config.gateway_names import require_gateways  # noqa: PLC0415
        from composeroll.config.project import parse_model, read_project  # noqa: PLC0415
        from composeroll.config.source import locate  # noqa: PLC0415

        model = parse_model(reading.result())
    here = project_directory(flags.project_directory, ())
    named = env_files(flags.env_files, os.environ, here)
    files = compose_files(flags.files, os.environ, named, here)
    directory = project_directory(flags.project_directory, files)
    strongest = [given, environment_layer(os.environ)]
    written = env_files(flags.env_files, os.environ, directory)
    separator = name_separator(os.environ, written)
    project = replace(read_project(model, strongest, directory, separator), unset=reading.unset)
    require_gateways(project, strongest, lambda keys: locate(files, keys))
    with assemble(
        project,
        flags,
        files,
        emit,
        shield,
        read_with=reading.flags,
        shows_replicas=shows_replicas,
    ) as stack:
        yield stack
