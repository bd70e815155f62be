"""The hall's certificates: who is who on the bus, and who says so.

A hall has a root of its own, whose key stays with the technician under a passphrase; the root makes the issuing
authority, whose key only the registrar has; the issuing authority makes a certificate for each node, out of a request
that the node's box made around a key which never leaves it. `keys.py`: keys and their files · `safe.py`: an authority
under a passphrase · `requests.py`: what a box asks for · `issuing.py`: root, issuing authority, certificates of nodes
and servers · `revoking.py`: the list of revoked certificates · `reading.py`: what a certificate says, and what is wrong
with it, in plain words.

Pure: time is an argument (UTC, with its zone), nothing here reads a file, a clock or the network.

    root = new_root("east", now=now)                                    # technician's laptop, once
    issuing = new_issuing(root, now=now)                                # five years
    asked = request_pem(new_key(), node="kiosk-1")                      # on the box; only this travels
    certificate = node_certificate(issuing, read_request(asked), node="kiosk-1", now=now)
    chain = chain_pem(certificate, issuing.certificate)                 # what the box stores as kiosk-1.crt
"""
