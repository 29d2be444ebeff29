"""The steps of a rollout; `docs/architecture.md` lists them in the order in which they run."""

from composeroll.rollout.steps.adopt import AdoptReplicas
from composeroll.rollout.steps.confirm import ConfirmReady
from composeroll.rollout.steps.detach import DetachReplicas
from composeroll.rollout.steps.done import DONE_WITHIN, AwaitDone
from composeroll.rollout.steps.drain import DrainFirst, DrainReplicas, Leaving
from composeroll.rollout.steps.hand_over import HandOverUpstreams
from composeroll.rollout.steps.judge import Judged
from composeroll.rollout.steps.leftovers import RemoveLeftovers
from composeroll.rollout.steps.monitor import WatchIncoming
from composeroll.rollout.steps.point import LeaveToOthers, PinUpstreams, SwitchUpstreams
from composeroll.rollout.steps.prove import ProveGateway
from composeroll.rollout.steps.quit import (
    AwaitGatewaysEnd,
    CreateGateways,
    QuitGateways,
    StartGateways,
)
from composeroll.rollout.steps.ready import AwaitReady
from composeroll.rollout.steps.rehearse import ClearRehearsal, RehearseGateway
from composeroll.rollout.steps.rejoin import RejoinEdge
from composeroll.rollout.steps.renumber import RenumberReplicas
from composeroll.rollout.steps.replace import ReplaceReplicas
from composeroll.rollout.steps.retire import RetireReplicas, Retiring
from composeroll.rollout.steps.sets import Incoming
from composeroll.rollout.steps.start import Before, CreateReplicas, StartReplicas, before
from composeroll.rollout.steps.step import Step
from composeroll.rollout.steps.stop import StopReplicas
from composeroll.rollout.steps.switch import Switch
from composeroll.rollout.steps.volumes import RemoveVolumes

__all__ = [
    "DONE_WITHIN",
    "AdoptReplicas",
    "AwaitDone",
    "AwaitGatewaysEnd",
    "AwaitReady",
    "Before",
    "ClearRehearsal",
    "ConfirmReady",
    "CreateGateways",
    "CreateReplicas",
    "DetachReplicas",
    "DrainFirst",
    "DrainReplicas",
    "HandOverUpstreams",
    "Incoming",
    "Judged",
    "LeaveToOthers",
    "Leaving",
    "PinUpstreams",
    "ProveGateway",
    "QuitGateways",
    "RehearseGateway",
    "RejoinEdge",
    "RemoveLeftovers",
    "RemoveVolumes",
    "RenumberReplicas",
    "ReplaceReplicas",
    "RetireReplicas",
    "Retiring",
    "StartGateways",
    "StartReplicas",
    "Step",
    "StopReplicas",
    "Switch",
    "SwitchUpstreams",
    "WatchIncoming",
    "before",
]
