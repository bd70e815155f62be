"""Priority classes and the policy: everybody has a class, and nobody helps himself to the front."""

from collections.abc import Iterator
from typing import Final

from ..contract.messages import ORDINARY, Discipline, GivenBy
from ..strict_toml import Finding, TomlFile
from .agreement import tables

_KIOSK: Final = GivenBy.KIOSK.value
_NOT_OF_ORDINARY: Final = ("absolute", "appointment", "per_hour", "closing")


def class_findings(file: TomlFile) -> Iterator[Finding]:
    yield from _ordinary(file)
    yield from _self_declared(file)
    yield from _rules(file)


def _ordinary(file: TomlFile) -> Iterator[Finding]:
    classes = list(tables(file, "classes[]"))
    ordinary = [(place, each) for place, each in classes if each.get("id") == ORDINARY]
    if classes and not ordinary:
        text = f'no class has the id "{ORDINARY}"; add it: it is the class of everybody who has no other'
        yield Finding(place=("classes",), text=text)
    for place, each in ordinary:
        for key in _NOT_OF_ORDINARY:
            if each.get(key):
                text = f'not for "{ORDINARY}", the class of everybody who has no other; remove the key'
                yield Finding(place=(*place, key), text=text)
        if each.get("given_by", _KIOSK) != _KIOSK:
            text = f'"{ORDINARY}" is the class of everybody who has no other; give {_KIOSK}, or remove the key'
            yield Finding(place=(*place, "given_by"), text=text)


def _self_declared(file: TomlFile) -> Iterator[Finding]:
    if "simulate" in file.tables:  # there customers have the class that the file gives them
        return
    for place, each in tables(file, "classes[]"):
        at_kiosk = each.get("given_by", _KIOSK) == _KIOSK and not each.get("appointment")
        if each.get("absolute") is True and at_kiosk and not each.get("per_hour") and each.get("id") != ORDINARY:
            text = (
                "anybody could declare this class at the kiosk and go before all others;"
                ' give given_by = "supervisor", or per_hour, the most tickets of it in an hour'
            )
            yield Finding(place=(*place, "absolute"), text=text)


def _rules(file: TomlFile) -> Iterator[Finding]:
    for place, policy in tables(file, "policy"):
        if policy.get("discipline") == Discipline.RULES.value and not policy.get("rules"):
            text = "missing; the discipline rules needs one or more [[policy.rules]]"
            yield Finding(place=(*place, "rules"), text=text)
