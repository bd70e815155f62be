"""`python -m keeper.renew`, as root by hallcall-renew.timer: renews the certificates of this box's nodes in time.

The registrar says which are due: old, or of a former issuing authority. The key is a new one each time. Nodes take a
renewed certificate up at night (`renewed.py`). What fails is tried again the next day, and there are months of them.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.box_file import BoxFile, load_box
from broker.invitations import BOX_FILE
from broker.joining.asking import NotAnswered, Refused, Registrar
from broker.joining.words import PORT, Due, Renew, Renewed
from broker.strict_toml import BrokenConfig

from .joining import HERE, REGISTRAR_NODE, asking
from .node_files import PLACE
from .papers import TLS, Papers

log = logging.getLogger(__name__)

FAILED: Final = 1


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.renew", description="Renews certificates in time.")
    options.add_argument("--place", type=Path, default=PLACE, help="where box.toml is")
    options.add_argument("--tls", type=Path, default=TLS, help="where the nodes' certificates are")
    options.add_argument("--port", type=int, default=PORT, help="the registrar's")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        box, papers = load_box(asked.place / BOX_FILE), Papers(asked.tls)
        papers.settle()
        failed = [node for node in asking(box) if papers.has(node) and not renewed(node, box, papers, port=asked.port)]
    except (BrokenConfig, OSError) as error:
        log.critical("%s", error)
        return FAILED
    return FAILED if failed else 0


def renewed(node: str, box: BoxFile, papers: Papers, *, port: int) -> bool:
    """Renew one node's certificate if it is due; tell whether all is well. Raises OSError."""
    registrar = Registrar(
        host=HERE if REGISTRAR_NODE in box.nodes else box.dispatcher,
        root=papers.root,
        certificate=papers.certificate(node),
        key=papers.key(node),
        port=port,
    )
    try:
        if not registrar.read("/due", Due).due:
            return True
        answer = registrar.tell("/renew", Renew(request=papers.request(node)), Renewed)
    except (NotAnswered, Refused) as error:
        log.error("the certificate of %s was not renewed: %s", node, error)  # noqa: TRY400 - said for a technician
        return False
    papers.take({node: answer.certificate})
    papers.settle()
    log.info("%s has a new certificate", node)
    return True


if __name__ == "__main__":
    sys.exit(main())
