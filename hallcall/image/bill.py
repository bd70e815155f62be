"""The bill of materials of an image, as CycloneDX tells it: every package, version, hash, licence. Pure.

The same packages make the same bill: its serial number is a hash of what it lists, its time that of the release.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from typing import Final

_UNSAID: Final = {"espeakng-loader": ("GPL-3.0-or-later",)}  # its wheel carries espeak-ng, and says nothing of it
_LICENCE_FIELD: Final = re.compile(r"^License:\s*(\S[^\n]*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One package."""

    name: str
    version: str
    address: str  # a package URL: what it is and whence, in one line
    licences: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    size_kib: int = 0


def of_debian(status: str, copyrights: Mapping[str, str]) -> list[Part]:
    """Return the packages of dpkg's status file; the licences come from each package's copyright file."""
    found = []
    for block in status.strip().split("\n\n"):
        fields = HeaderParser().parsestr(block)
        if not fields["Status"].endswith(" installed"):
            continue
        name, version = fields["Package"], fields["Version"]
        escaped = version.replace("+", "%2B").replace(":", "%3A")
        found.append(
            Part(
                name=name,
                version=version,
                address=f"pkg:deb/debian/{name}@{escaped}?arch={fields['Architecture']}",
                licences=licences_in(copyrights.get(name, "")) or (f"as in /usr/share/doc/{name}/copyright",),
                size_kib=int(fields["Installed-Size"] or 0),
            )
        )
    return sorted(found, key=lambda part: part.name)


def of_python(metadata: Iterable[str], requirements: str) -> list[Part]:
    """Return the Python packages of the given METADATA files, with the hashes by which they were locked."""
    locked = _hashes(requirements)
    found = []
    for text in metadata:
        fields = HeaderParser().parsestr(text)
        name = re.sub(r"[-_.]+", "-", fields["Name"]).lower()
        classifiers = [
            value.rpartition(" :: ")[2] for value in fields.get_all("Classifier", []) if "License ::" in value
        ]
        licence = fields["License-Expression"] or (fields["License"] or "").strip().partition("\n")[0]
        found.append(
            Part(
                name=name,
                version=fields["Version"],
                address=f"pkg:pypi/{name}@{fields['Version'].replace('+', '%2B')}",
                licences=tuple([licence] if licence else classifiers) or _UNSAID.get(name, ()),
                sha256=locked.get(name, ()),
            )
        )
    return sorted(found, key=lambda part: part.name)


def licences_in(text: str) -> tuple[str, ...]:
    """Return the licences that a Debian copyright file names; of one in free words, those that it points to."""
    named = {line.strip() for line in _LICENCE_FIELD.findall(text)}
    if not named and "Permission is hereby granted, free of charge" in text:
        named = {"MIT"}
    return tuple(sorted(named or set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])", text))))


def cyclonedx(parts: Iterable[Part], *, version: str, arch: str, role: str, epoch: int) -> str:
    """Return the bill as CycloneDX 1.5 JSON."""
    components = [_component(part) for part in parts]
    digest = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).digest()
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "operating-system",
                "name": f"hallcall-{arch}-{role}",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
    }
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def _component(part: Part) -> dict[str, object]:
    told: dict[str, object] = {
        "type": "library",
        "bom-ref": part.address,
        "name": part.name,
        "version": part.version,
        "purl": part.address,
    }
    if part.licences:
        told["licenses"] = [{"license": {"name": licence}} for licence in part.licences]
    properties = [{"name": "hallcall:locked-sha256", "value": each} for each in part.sha256]
    if part.size_kib:
        properties.append({"name": "hallcall:installed-kib", "value": str(part.size_kib)})
    if properties:
        told["properties"] = properties
    return told


def _hashes(requirements: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for entry in requirements.replace("\\\n", " ").splitlines():
        name, equals, rest = entry.partition("==")
        if equals:
            found[re.sub(r"[-_.]+", "-", name.strip()).lower()] = tuple(
                re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)
            )
    return found
