"""The fake compose on top of the fake engine, by the rules that were measured on the real one.

The next number is the highest label plus one; stopped containers count toward a scale; nobody's
name is looked at; whatever the label says, a recreated container is named by it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import count

from composeroll.config.project import Project, Service
from composeroll.errors import EngineError
from composeroll.model import ContainerState
from tests.sim.clock import VirtualClock
from tests.sim.containers import Box
from tests.sim.engine import Containers
from tests.sim.faults import Faults
from tests.sim.images import Images
from tests.sim.judge import Judge


class Engine(Containers):
    """Implements `Engine` of `rollout.world` and of `rollout.observing.observe`.

    Attributes:
        definitions: what the compose file says of a service, as one word that may change.
        odd_image: what containers are made from, whatever their tag names.
        obstacles: what a dry run says that compose would break.
    """

    def __init__(
        self,
        project: Project,
        clock: VirtualClock,
        faults: Faults,
        images: Images,
        judge: Judge,
    ) -> None:
        super().__init__(clock, faults, images, judge)
        self.definitions = dict.fromkeys(project.services, "as first written")
        self.odd_image = ""
        self.obstacles: tuple[str, ...] = ()
        self._project = project
        self._ids = count(1)

    def read(self, project: Project) -> None:
        """Go by another file from now on."""
        self._project = project

    def of(self, service: str) -> list[Box]:
        """A service's containers in all states, by number."""
        found = [box for box in self.boxes.values() if box.service == service]
        return sorted(found, key=lambda box: box.number)

    def create(self, scales: Mapping[str, int]) -> None:
        """`up --no-start --no-recreate`: one after the other, so that it can end half-way."""
        for name, scale in scales.items():
            self._faults.ask("compose: create")
            self._require_one({name: scale})
            for _ in range(scale - len(self.of(name))):
                with self._faults.change(f"create one of {name}"):
                    self.make(name)
            for box in self.of(name)[scale:]:
                with self._faults.change(f"scale {box.name} away"):
                    if box.id in self.boxes:
                        self._judge.may_stop(box)
                        self._judge.may_remove(box)
                        self.stop_now(box)
                        self.boxes.pop(box.id)

    def make(self, name: str, number: int = 0, alias: str = "") -> Box:
        """A new container, not started."""
        number = number or max([0, *(box.number for box in self.of(name))]) + 1
        box = Box(
            id=hashlib.sha256(str(next(self._ids)).encode()).hexdigest(),
            name=alias or self._name(name, number),
            service=name,
            number=number,
            image=self.odd_image or self._image(name),
            definition=self.definitions[name],
            sources=self._sources(name),
            restart_policy="always",
            born=self._faults.process.number,
            carries=bool(self._project.sharing_volumes_of(name)),
            host=self._host(name),
        )
        if box.name in self._names():
            raise EngineError(f"Conflict. The container name {box.name} is already in use")
        self.boxes[box.id] = box
        self.volumes.add(box.id)
        return box

    def stand_in(self, model: Box, name: str) -> Box:
        """A container like another one that is not a replica of any service."""
        box = Box(
            id=hashlib.sha256(str(next(self._ids)).encode()).hexdigest(),
            name=name,
            service="",
            number=0,
            image=model.image,
            definition="",
            sources=(),
            restart_policy="no",
            born=self._faults.process.number,
        )
        self.boxes[box.id] = box
        return box

    def _host(self, name: str) -> str:
        """The container of the service whose network namespace this one's live in."""
        edge = self._project.services[name].edge
        return self.of(edge)[0].id if edge else ""

    def _image(self, name: str) -> str:
        image = self._images.here.get(self._images.reference(name))
        if image is None:
            raise EngineError(f"No such image: {self._images.reference(name)}")
        return image

    def recreate(self, service: str, scale: int, *, renew_volumes: bool) -> None:
        """`up -d --force-recreate`: each container gives way to one with its number."""
        del renew_volumes
        self._faults.ask("compose: recreate")
        self._require_one({service: scale})
        for old in self.of(service)[:scale]:
            self._recreate(old)
        for extra in self.of(service)[scale:]:
            self._drop(extra)
        while len(self.of(service)) < scale:
            with self._faults.change(f"create one of {service}"):
                self.make(service)
        self.start([b.id for b in self.of(service) if not b.running])

    def _recreate(self, old: Box) -> None:
        with self._faults.change(f"create the successor of {old.name}"):
            new = self.make(old.service, old.number, f"{old.id[:12]}_{old.name}")
        self._drop(old)
        with self._faults.change(f"rename {new.name} back"):
            self._insist_on(new)
            new.name = self._name(new.service, new.number)
        with self._faults.change(f"start {new.name}"):
            self._insist_on(new)
            if not new.running:
                self.start_now(new)

    def _drop(self, box: Box) -> None:
        with self._faults.change(f"stop {box.name} to replace it"):
            self._judge.may_stop(box)
            self.stop_now(box)
        with self._faults.change(f"remove {box.name} to replace it"):
            if self.boxes.pop(box.id, None):
                self._judge.may_remove(box)

    def tag(self, image: str, reference: str) -> None:
        """Move a tag."""
        self._images.tag(image, reference)

    def image_id(self, reference: str) -> str | None:
        """What a tag or an ID names here."""
        found = self._images.image(reference)
        return found.id if found else None

    def verdicts(self, scales: Mapping[str, int]) -> Mapping[str, str]:
        """Compose's own judgement: image, definition and the sources' IDs enter its hash."""
        self._faults.ask("ask compose what is outdated")
        self._require_one(scales)
        boxes = [box for name in scales for box in self.of(name)]
        servers = {box.name: self._verdict(box) for box in boxes}
        return {name: word for name, word in servers.items() if word}

    def preflight(self, scales: Mapping[str, int]) -> tuple[str, ...]:
        """What stands in the way, as the test says."""
        self._faults.ask("ask compose what scaling would break")
        self._require_one(scales)
        return self.obstacles

    def is_outdated(self, box: Box) -> bool:
        """Whether `up -d` would recreate it."""
        image = self._images.here.get(self._images.reference(box.service))
        made_from = (box.image, box.definition, box.sources)
        return made_from != (image, self.definitions[box.service], self._sources(box.service))

    def _verdict(self, box: Box) -> str:
        """Of one that only has to be started a creation tells nothing."""
        if self.is_outdated(box):
            return "Recreate"
        return "Running" if box.state is ContainerState.RUNNING else ""

    def _sources(self, name: str) -> tuple[str, ...]:
        """The first container of each source, by name as text."""
        sources = [self.of(source) for source in self._service(name).volumes_from]
        return tuple(min(boxes, key=lambda b: b.name).id for boxes in sources if boxes)

    def _service(self, name: str) -> Service:
        return self._project.services[name]

    def _require_one(self, scales: Mapping[str, int]) -> None:
        """What has a name of its own cannot be scaled, whatever is there."""
        for name, scale in scales.items():
            if scale > 1 and self._service(name).has_container_name:
                raise EngineError(f'The "{name}" service is using the custom container name')

    def _named(self, name: str) -> str:
        found = [o.value for o in self._service(name).obstacles if o.key == "container_name"]
        return found[0] if found else ""

    def _name(self, name: str, number: int) -> str:
        return self._named(name) or f"{self._project.name}-{name}-{number}"
