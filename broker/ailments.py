"""What can be found out about a hall's machines and programs, and how bad each is.

One table for keepers, `hallcall doctor` and docs/doctor.md. Of each the table `doctor` of the texts says what it
means (the key) and, where somebody must act, what to do (the key with `_do`).
"""

from dataclasses import dataclass
from typing import Final

from .contract.messages import BoxFinding, DeviceState, Language
from .contract.texts import texts
from .reasons import all_worded

OK, WARNING, FAULT, UNKNOWN = DeviceState.OK, DeviceState.WARNING, DeviceState.FAULT, DeviceState.UNKNOWN

AILMENTS: Final[dict[str, dict[str, DeviceState]]] = {  # by what is looked at
    "clock": {
        "clock_ok": OK,
        "clock_battery_only": OK,
        "clock_off": FAULT,
        "clock_drifts": WARNING,
        "clock_alone": FAULT,
        "clock_lost": WARNING,
    },
    "certificate": {
        "certificate_ok": OK,
        "certificate_ends": WARNING,
        "certificate_ends_soon": FAULT,
        "certificate_ended": FAULT,
        "certificate_early": FAULT,
        "certificate_broken": FAULT,
        "certificate_missing": FAULT,
        "certificate_none": UNKNOWN,
    },
    "disk": {
        "disk_ok": OK,
        "disk_low": WARNING,
        "disk_full": FAULT,
        "disk_read_only": FAULT,
        "disk_errors": FAULT,
        "disk_gone": FAULT,
    },
    "copy": {
        "copy_ok": OK,
        "copy_failed": WARNING,
        "copy_old": WARNING,
        "copy_too_old": FAULT,
        "copy_none": WARNING,
    },
    "card": {"card_ok": OK, "card_unknown": UNKNOWN, "card_worn": WARNING, "card_spent": FAULT},
    "temperature": {"temperature_ok": OK, "temperature_high": WARNING, "temperature_hot": FAULT},
    "power": {"power_ok": OK, "power_was_low": WARNING, "power_low": FAULT, "power_slowed": WARNING},
    "ups": {"ups_ok": OK, "ups_battery": WARNING, "ups_low": FAULT, "ups_worn": WARNING, "ups_silent": WARNING},
    "memory": {"memory_ok": OK, "memory_low": WARNING, "memory_out": FAULT},
    "load": {"load_ok": OK, "load_high": WARNING},
    "units": {"units_ok": OK, "unit_restarts": WARNING, "unit_failed": FAULT, "units_unknown": UNKNOWN},
    "network": {"network_ok": OK, "network_slow": WARNING, "network_down": FAULT},
    "files": {"files_ok": OK, "files_none": WARNING, "files_broken": FAULT},
    "broker": {"broker_ok": OK, "broker_answers": OK, "broker_gone": FAULT, "broker_refused": FAULT},
    "dispatcher": {"dispatcher_ok": OK, "dispatcher_gone": FAULT},
    "node": {
        "nodes_ok": OK,
        "node_runs": OK,
        "node_waits": WARNING,
        "node_stopped": FAULT,
        "node_gone": FAULT,
        "node_missing": FAULT,
        "node_stranger": WARNING,
        "node_untested": UNKNOWN,
        "node_tried": OK,
        "node_failed": FAULT,
        "node_check_broke": FAULT,
        "node_bad_messages": WARNING,
    },
    "device": {"device_ok": OK, "device_warning": WARNING, "device_fault": FAULT, "device_unknown": UNKNOWN},
    "test": {
        "test_slip": OK,
        "test_slip_unsure": WARNING,
        "test_slip_not": FAULT,
        "test_sign": OK,
        "test_sign_not": FAULT,
        "test_lamp": OK,
        "test_key": OK,
        "test_key_silent": FAULT,
        "test_line": FAULT,
        "test_spoken": OK,
        "test_spoken_not": FAULT,
        "test_picture": OK,
        "test_picture_not": FAULT,
        "test_busy": UNKNOWN,
        "test_none": UNKNOWN,
        "test_unknown": WARNING,
        "test_refused": WARNING,
        "test_silent": FAULT,
    },
    "help": {"help_open": WARNING},
    "version": {"version_ok": OK, "version_differs": WARNING},
    "queue": {"queue_ok": OK, "queue_closed": UNKNOWN},
    "calls": {"calls_ok": OK, "calls_none": UNKNOWN, "calls_slow": WARNING, "calls_parted": FAULT},
    "keeper": {"keeper_ok": OK, "keeper_missing": WARNING},
    "log": {"log_ok": OK, "log_warnings": WARNING, "log_more": UNKNOWN},
}
_WHAT: Final = {key: (what, state) for what, keys in AILMENTS.items() for key, state in keys.items()}


@dataclass(frozen=True)
class Found:
    """A finding and where it was made: a box, a node; "" for the hall or this machine."""

    place: str
    finding: BoxFinding


def found(key: str, /, **args: str | float) -> BoxFinding:
    """Return a finding of the table, whose state the table says."""
    what, state = _WHAT[key]
    return BoxFinding(what=what, state=state, key=key, args=args)


def said(finding: BoxFinding, language: Language) -> str:
    """Return what was found; of a later version's key, the key and its figures."""
    return _worded(finding, finding.key, language) or f"{finding.key} {finding.args or ''}".strip()


def advice(finding: BoxFinding, language: Language) -> str:
    """Return what to do; empty where nothing is."""
    return _worded(finding, f"{finding.key}_do", language)


def topic(finding: BoxFinding, language: Language) -> str:
    """Return the name of what was looked at."""
    return texts(language)["doctor"].get(f"what_{finding.what}", finding.what)


def _worded(finding: BoxFinding, key: str, language: Language) -> str:
    words = texts(language)["doctor"].get(key, "")
    try:
        return words.format(**all_worded(finding.args, language))
    except (KeyError, IndexError, ValueError):  # another version's figures
        return f"{finding.key} {finding.args}" if words else ""
