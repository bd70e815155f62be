"""Who belongs to the hall, and what follows when somebody asks to: pure.

A question is answered from what the book says and the time that is handed in; nothing here writes, sends or signs.
Where certificates are to be made the answer is `Certify`, and whoever holds the issuing key makes them. A box that asks
again with the same keys gets the same answer again, because the first one may have been lost on its way.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, assert_never

from broker.invitations import GOOD_FOR, Invitation, token_hash
from broker.joining.words import (
    AskSpare,
    Boxes,
    BoxState,
    BoxTold,
    Denied,
    Due,
    Join,
    Joined,
    NodeTold,
    Renewed,
    SpareTold,
    SpareWaits,
)

from .changes import (
    AnyChange,
    BoxInvited,
    BoxJoined,
    Certificate,
    CertificateRenewed,
    Expelled,
    FilesPut,
    IssuingReplaced,
    SpareAsked,
    SpareGiven,
    SpareTurnedAway,
    TechnicianReplaced,
)
from .spares import Spares

NOBODY: Final = "0" * 64  # the hash of no token
SPARES_TOLD: Final = 8  # of those who wait; more come at a flood only
APPROVAL_LASTS: Final = timedelta(hours=12)  # while nobody was there to act on it
TAKEN_UP: Final = timedelta(days=2)  # so long after it was renewed, every node shows its new certificate


@dataclass(frozen=True, kw_only=True)
class Certify:
    """Make certificates for these keys (SHA-256 of each public key, by node) and write them into the book."""

    keys: Mapping[str, str]


@dataclass(kw_only=True)
class Box:
    """A box of the hall."""

    nodes: tuple[str, ...]
    token: str = NOBODY  # hash of the one that lets it join
    expires: datetime
    joined: tuple[Certificate, ...] = ()  # that the token was used for
    since: datetime | None = None
    files: dict[str, bytes] = field(default_factory=dict)  # of its card
    put: dict[str, bytes] = field(default_factory=dict)  # what it fetches instead of those, or besides
    expelled: bool = False


@dataclass(kw_only=True)
class Register:
    """What the book adds up to."""

    hall: str
    own: str  # the registrar's node
    boxes: dict[str, Box] = field(default_factory=dict)
    spares: Spares = field(default_factory=Spares)
    certificates: dict[str, Certificate] = field(default_factory=dict)  # all that were made, by serial number
    newest: dict[str, Certificate] = field(default_factory=dict)  # by node, if it counts
    revoked: dict[str, datetime] = field(default_factory=dict)  # by serial number
    issuing: str = ""  # serial number of the authority in force
    left: dict[str, datetime] = field(default_factory=dict)  # when a node last went from an authority to the next
    generation: int = 0  # of the technician's certificates that count
    replaced: datetime | None = None  # when those of an earlier one were given up for lost

    # What happened ----------------------------------------------------------------------------------------------------

    def apply(self, change: AnyChange) -> None:
        """Take a line of the book in."""
        match change:
            case BoxInvited():
                self._invite(change)
            case BoxJoined(box=box, certificates=certificates, at=at):
                for certificate in certificates:
                    self._revoke(certificate.node, at)
                    self._keep(certificate, at)
                entry = self.boxes[box]
                entry.joined, entry.since, entry.expelled = certificates, at, False
            case CertificateRenewed(certificate=certificate, at=at):
                self._keep(certificate, at)
            case Expelled(box=box, nodes=nodes, at=at):
                for node in nodes:
                    self._revoke(node, at)
                if box in self.boxes:
                    self.boxes[box].token, self.boxes[box].expelled = NOBODY, True
            case SpareAsked() | SpareGiven() | SpareTurnedAway():
                self._of_spare(change)
            case FilesPut(box=box, files=files):
                self.boxes[box].put |= files
            case TechnicianReplaced(generation=generation, at=at):
                self.generation, self.replaced = generation, at
            case IssuingReplaced(serial=serial):
                self.issuing = serial
            case _:
                assert_never(change)

    def _of_spare(self, change: SpareAsked | SpareGiven | SpareTurnedAway) -> None:
        self.spares.apply(change)
        if isinstance(change, SpareGiven):
            self._may_join(change.box, change.token, change.expires)

    def _invite(self, change: BoxInvited) -> None:
        known = self.boxes.get(change.box)
        if known is None:
            known = self.boxes[change.box] = Box(nodes=change.nodes, expires=change.expires)
        for node in set(known.nodes) - set(change.nodes):
            self._revoke(node, change.at)
        known.nodes = change.nodes
        if change.files is not None:
            known.files, known.put = change.files, {}
        self._may_join(change.box, change.token, change.expires)

    def _may_join(self, box: str, token: str, expires: datetime) -> None:
        entry = self.boxes[box]
        entry.token, entry.expires, entry.joined, entry.expelled = token, expires, (), False

    def _keep(self, certificate: Certificate, at: datetime) -> None:
        before = self.newest.get(certificate.node)
        if before is not None and before.issuer != certificate.issuer:
            self.left[before.issuer] = at
        self.certificates[certificate.serial] = certificate
        self.newest[certificate.node] = certificate

    def _revoke(self, node: str, at: datetime) -> None:
        self.newest.pop(node, None)
        for each in self.certificates.values():
            if each.node == node and each.until > at:
                self.revoked.setdefault(each.serial, at)

    # What is asked ----------------------------------------------------------------------------------------------------

    def join(self, asked: Join, keys: Mapping[str, str], now: datetime) -> Joined | Certify | Denied:
        """Answer a box; `keys` are those of its requests, each proven by its signature."""
        if asked.hall != self.hall:
            return Denied(reason="other_hall", args={"hall": self.hall, "asked": asked.hall})
        entry = self.boxes.get(asked.box)
        right = hmac.compare_digest(token_hash(asked.token), entry.token if entry is not None else NOBODY)
        if entry is None or not right:
            return Denied(reason="wrong_token", args={"box": asked.box})
        if entry.joined:
            if {each.node: each.key for each in entry.joined} != dict(keys):
                return Denied(reason="token_used", args={"box": asked.box})
            return Joined(certificates={each.node: each.chain for each in entry.joined})
        if now > entry.expires:
            return Denied(reason="token_expired", args={"box": asked.box, "day": f"{entry.expires:%Y-%m-%d}"})
        wanted = set(entry.nodes) - {self.own}
        if set(keys) != wanted:
            return Denied(reason="other_nodes", args={"box": asked.box, "nodes": ", ".join(sorted(wanted))})
        return Certify(keys=dict(keys))

    def spare(self, asked: AskSpare, address: str, now: datetime) -> SpareTold | Denied:
        """Answer a spare, each time it asks."""
        if asked.hall != self.hall:
            return Denied(reason="other_hall", args={"hall": self.hall, "asked": asked.hall})
        token = token_hash(asked.token)
        known = self.spares.decided.get(token)
        if known is None:
            refused = self.spares.ask(token, serial=asked.serial, code=asked.code, address=address, now=now)
            return refused or SpareTold()
        if known.turned_away:
            return Denied(reason="spare_refused")
        entry = self.boxes[known.box]
        if entry.token != token:
            return Denied(reason="place_taken", args={"box": known.box})
        return SpareTold(box=known.box, files={**entry.files, **entry.put})

    def approve(
        self, code: str, box: str, *, by: str, at: datetime, now: datetime
    ) -> tuple[SpareAsked, SpareGiven] | Denied | None:
        """Give the spare that shows this code the place of a box; `at` is when it was approved. None: it has it."""
        for spare in self.spares.decided.values():
            if spare.code == code and spare.box == box and spare.since <= at:
                return None
        if now - at > APPROVAL_LASTS:
            return Denied(reason="approval_late", args={"code": code, "box": box})
        token, entry = self.spares.showing(code, now, at=at), self.boxes.get(box)
        if not token:
            return Denied(reason="no_such_spare", args={"code": code})
        if entry is None:
            known = ", ".join(sorted(name for name, each in self.boxes.items() if self.own not in each.nodes))
            return Denied(reason="no_such_box", args={"box": box, "boxes": known})
        if self.own in entry.nodes:
            return Denied(reason="not_the_dispatcher", args={"box": box})
        if not entry.files:
            return Denied(reason="no_files", args={"box": box})
        given = SpareGiven(at=now, who=by, token=token, box=box, expires=now + GOOD_FOR)
        return self._asked(token), given

    def _asked(self, token: str) -> SpareAsked:
        """Return what the book says of a spare, now that somebody has decided about it."""
        spare = self.spares.waiting[token]
        return SpareAsked(at=spare.since, who=spare.address, serial=spare.serial, code=spare.code, token=token)

    def turn_away(self, code: str, *, by: str, now: datetime) -> tuple[SpareAsked, SpareTurnedAway] | Denied:
        token = self.spares.showing(code, now)
        if not token:
            return Denied(reason="no_such_spare", args={"code": code})
        return self._asked(token), SpareTurnedAway(at=now, who=by, token=token)

    def standing(self, serial: str) -> Certificate | Denied:
        """Return the certificate that somebody shows, if it counts."""
        found = self.certificates.get(serial)
        if found is None:
            return Denied(reason="unknown_certificate")
        if serial in self.revoked:
            return Denied(reason="revoked", args={"node": found.node, "day": f"{self.revoked[serial]:%Y-%m-%d}"})
        return found

    def technician(self, generation: int, *, by: str, now: datetime) -> TechnicianReplaced | Denied | None:
        """Answer who shows a technician's certificate that the root signed; None: it is of those that count."""
        if generation < self.generation:
            day = f"{self.replaced:%Y-%m-%d}" if self.replaced is not None else "?"
            return Denied(reason="technician_replaced", args={"day": day})
        if generation > self.generation:
            return TechnicianReplaced(at=now, who=by, generation=generation)
        return None

    def renew(self, shown: str, key: str, now: datetime) -> Renewed | Certify | Denied:
        """Answer a node that shows its certificate and asks for the next one, around another key."""
        found = self.standing(shown)
        if isinstance(found, Denied):
            return found
        newest = self.newest[found.node]
        if newest.key == key and newest.serial != shown:
            return Renewed(certificate=newest.chain)
        if key in {each.key for each in self.certificates.values()}:
            return Denied(reason="old_key", args={"node": found.node})
        if not self._is_due(newest, now):
            return Denied(reason="not_due", args={"node": found.node, "day": f"{newest.due:%Y-%m-%d}"})
        return Certify(keys={found.node: key})

    def due(self, shown: str, now: datetime) -> Due | Denied:
        """Tell whether a node should renew now. One that has a newer certificate already is not told to hurry."""
        found = self.standing(shown)
        if isinstance(found, Denied):
            return found
        return Due(due=self._is_due(found, now))

    def _is_due(self, certificate: Certificate, now: datetime) -> bool:
        return now >= certificate.due or certificate.issuer != self.issuing

    def authorities(self, now: datetime) -> set[str]:
        """Return whose certificates count: of the authority in force, and of a former one until all have moved on.

        So whoever stole a former authority's key is shut out in the end.
        """
        still = {each.issuer for each in self.newest.values() if each.until > now}
        return {self.issuing, *still, *(issuer for issuer, at in self.left.items() if now - at < TAKEN_UP)}

    def invite(self, invitation: Invitation, files: dict[str, bytes], *, by: str, now: datetime) -> BoxInvited | Denied:
        """Let a box join, new or in the place of another machine. No two boxes have the same node."""
        for name, entry in self.boxes.items():
            shared = sorted(set(entry.nodes) & set(invitation.nodes))
            if name != invitation.box and shared and not entry.expelled:
                return Denied(reason="node_elsewhere", args={"node": shared[0], "box": name})
        return BoxInvited(
            at=now,
            who=by,
            box=invitation.box,
            nodes=invitation.nodes,
            token=invitation.token,
            expires=invitation.expires,
            files=files or None,
        )

    def expel(self, *, box: str, node: str, why: str, by: str, now: datetime) -> Expelled | Denied:
        """Revoke a whole box, or one node. Who does it cannot revoke the registrar."""
        entry = self.boxes.get(box)
        if box and entry is None:
            return Denied(reason="no_such_box", args={"box": box, "boxes": ", ".join(sorted(self.boxes))})
        nodes = entry.nodes if entry is not None else (node,)
        if self.own in nodes:
            return Denied(reason="not_the_dispatcher", args={"box": box or node})
        if entry is None and node not in self.newest:
            return Denied(reason="no_such_node", args={"node": node, "nodes": ", ".join(sorted(self.newest))})
        return Expelled(at=now, who=by, box=box, nodes=nodes, why=why)

    def told(self, now: datetime) -> Boxes:
        """Return all boxes as the technician sees them."""
        waiting = self.spares.heard(now)
        return Boxes(
            boxes=tuple(self._told(name, entry, now) for name, entry in sorted(self.boxes.items())),
            spares=tuple(
                SpareWaits(serial=each.serial, address=each.address, since=each.since) for each in waiting[:SPARES_TOLD]
            ),
            waiting=len(waiting),
        )

    def _told(self, name: str, entry: Box, now: datetime) -> BoxTold:
        counts = [self.newest.get(node) for node in entry.nodes]
        may_join = not entry.joined and entry.token != NOBODY
        if entry.expelled:
            state = BoxState.REVOKED
        elif not may_join:
            state = BoxState.JOINED
        elif any(counts) and now <= entry.expires:
            state = BoxState.REPLACED_SOON
        else:
            state = BoxState.EXPECTED if now <= entry.expires else BoxState.LATE
        nodes = zip(entry.nodes, counts, strict=True)
        return BoxTold(
            box=name,
            state=state,
            nodes=tuple(NodeTold(node=node, until=found.until if found else None) for node, found in nodes),
            since=entry.since,
            token_until=entry.expires if may_join else None,
        )
