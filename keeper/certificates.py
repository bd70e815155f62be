"""The certificates of the box's nodes: until when they hold."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from msgspec import structs

from broker.ailments import found
from broker.contract.messages import BoxFinding, BoxHealth, CertificateEnd

ENDS: Final = timedelta(days=100)  # renewed at two thirds of a year, with 122 days left: it was tried for weeks
ENDS_SOON: Final = timedelta(days=14)


def look(health: BoxHealth, directory: Path, nodes: Iterable[str], *, now: datetime) -> BoxHealth:
    """Look at `<node>.crt` of each node that must have one. Without the directory the hall uses passwords."""
    if not directory.is_dir():
        return structs.replace(health, findings=(*health.findings, found("certificate_none")))
    seen = dict(_ends(directory))
    ends, findings = [], []
    for node in dict.fromkeys([*nodes, *seen]):
        end = seen.get(node, "")
        if isinstance(end, x509.Certificate):
            ends.append(CertificateEnd(node=node, last_day=end.not_valid_after_utc.date().isoformat()))
            findings.append(judged(node, end.not_valid_before_utc, end.not_valid_after_utc, now=now))
        elif end:
            findings.append(found("certificate_broken", node=node, problem=end))
        else:
            findings.append(found("certificate_missing", node=node))
    worst = [each for each in findings if each.key != "certificate_ok"]
    if ends and not worst:
        first = min(ends, key=lambda each: each.last_day)
        worst = [found("certificate_ok", node=first.node, last_day=first.last_day, count=len(ends))]
    return structs.replace(health, certificates=tuple(ends), findings=(*health.findings, *worst))


def judged(node: str, begins: datetime, ends: datetime, *, now: datetime) -> BoxFinding:
    day = ends.date().isoformat()
    if now < begins:
        return found("certificate_early", node=node, first_day=begins.date().isoformat())
    if now >= ends:
        return found("certificate_ended", node=node, last_day=day)
    key = "certificate_ok"
    if ends - now < ENDS:
        key = "certificate_ends_soon" if ends - now < ENDS_SOON else "certificate_ends"
    return found(key, node=node, last_day=day, days=(ends - now).days)


def _ends(directory: Path) -> Iterator[tuple[str, x509.Certificate | str]]:
    """Yield each node with its certificate, or with why that cannot be read."""
    for path in sorted(directory.glob("*.crt")):
        if path.stem == "root":
            continue
        try:
            yield path.stem, x509.load_pem_x509_certificate(path.read_bytes())
        except OSError as error:
            yield path.stem, f"{path.name}: {error.strerror}"
        except ValueError:
            yield path.stem, f"{path.name} is no certificate"
