"""Who the customer is: booked visits have a class, and nobody is asked twice who he is, or for nothing."""

from collections.abc import Iterator

from ..contract.messages import GivenBy
from ..strict_toml import Finding, TomlFile, shown
from .agreement import strings, tables


def customer_findings(file: TomlFile) -> Iterator[Finding]:
    yield from _bookings(file)
    yield from _identity(file)


def _bookings(file: TomlFile) -> Iterator[Finding]:
    if file.tables.get("bookings") is not True:
        return
    kiosk = GivenBy.KIOSK.value
    classes = [each for _, each in tables(file, "classes[]")]
    if not any(each.get("appointment") is True and each.get("given_by", kiosk) == kiosk for each in classes):
        text = "no class is for appointments; add one with appointment = true, or take a pack, or remove the key"
        yield Finding(place=("bookings",), text=text)


def _identity(file: TomlFile) -> Iterator[Finding]:
    for place, identity in tables(file, "identity"):
        required, optional = strings(identity, "required"), strings(identity, "optional")
        if not required and not optional:
            text = "no service asks for it; name services in required or optional, or remove [identity]"
            yield Finding(place=place, text=text)
        for index, service in enumerate(optional):
            if service in required:
                text = f"{shown(service)} is required already; remove it from one of the two"
                yield Finding(place=(*place, "optional", index), text=text)
