"""Which code speaks the language that a file describes."""

from ..pad_frames import FramedPad, HidPad, LinedPad, ModbusPad, PadFile
from .generic_pads import FramedCode
from .hid_pad import HidCode
from .line_pads import LinedCode
from .modbus_pads import ModbusCode
from .pad_code import PadCode


def pad_code(pad: PadFile) -> PadCode:
    """Return the code of a description. Raises Unfit for one that has faults."""
    match pad:
        case FramedPad():
            return FramedCode(pad)
        case LinedPad():
            return LinedCode(pad)
        case ModbusPad():
            return ModbusCode(pad)
        case HidPad():
            return HidCode(pad)
