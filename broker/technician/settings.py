"""What a screen's node file says of the technician's page."""

from typing import Annotated

from msgspec import Meta, Struct

from .told import FINDINGS


class Technician(Struct, frozen=True, kw_only=True):
    """The technician's page on this screen: five touches in its upper left corner (a board: five times OK), then a PIN.

    It shows what is broken on this box and in the hall.
    """

    pin_file: Annotated[str, Meta(description="file with the PIN's hash; hallcall pin --file FILE writes it")]
    findings: Annotated[str, Meta(description="file in which this box's keeper leaves what it found")] = FINDINGS
