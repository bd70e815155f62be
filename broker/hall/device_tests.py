"""Tests of devices while the hall works: the journal has who asked and what came of it; the hall stays as it is.

Whether a customer is at the device, its node knows best, and says so instead of trying it.
"""

from typing import Final

from ..contract.messages import DeviceTestAsked, DeviceTested, ReportDeviceTest, Role, TestDevice
from .answers import Decision, done, refused
from .at_kiosk import has_role
from .at_supervisor import may_supervise
from .request import Request
from .state import HallState

WITH_DEVICES: Final = (Role.KIOSK, Role.DISPLAY, Role.COUNTER)


def test_device(state: HallState, command: TestDevice, request: Request) -> Decision:
    if not may_supervise(state, request.node):
        return refused(command, "not_allowed")
    if not has_role(state, command.node, *WITH_DEVICES):
        return refused(command, "nothing_to_test", node=command.node)
    asked = DeviceTestAsked(
        test=command.id, node=command.node, device=command.device, press_s=command.press_s, by=request.node
    )
    return done(command, asked)


def report(state: HallState, command: ReportDeviceTest, request: Request) -> Decision:
    if not has_role(state, request.node, *WITH_DEVICES):
        return refused(command, "not_allowed")
    tested = DeviceTested(
        test=command.test, node=request.node, device=command.device, finding=command.finding, more=command.more
    )
    return done(command, tested)
