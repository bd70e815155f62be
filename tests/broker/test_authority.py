"""Certificates are made as a hall needs them, and what is wrong with one is said so that a technician can act."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from broker.authority.issuing import (
    BACKDATED,
    chain_pem,
    hall_of,
    new_issuing,
    new_root,
    node_certificate,
    node_of,
    renewal_due,
    server_certificate,
)
from broker.authority.keys import BadKey, key_pem, new_key, read_key
from broker.authority.reading import BadCertificate, Fault, Flaw, fingerprint, flaw, read_chain
from broker.authority.requests import BadRequest, read_request, request_pem
from broker.authority.revoking import BadList, Revoked, is_revoked, list_pem, read_list, revocation_list
from broker.authority.safe import ShortPassphrase, WrongPassphrase, locked, unlocked
from broker.contract.messages import Language

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROOT = new_root("east", now=NOW)
ISSUING = new_issuing(ROOT, now=NOW)
KEY = new_key()
KIOSK = node_certificate(ISSUING, KEY.public_key(), node="kiosk-1", now=NOW)
CHAIN = [KIOSK, ISSUING.certificate]


def test_a_node_is_who_its_maker_says_and_not_who_the_request_says() -> None:
    asked = read_request(request_pem(KEY, node="dispatcher"))
    made = node_certificate(ISSUING, asked, node="kiosk-1", now=NOW)
    assert (node_of(made), hall_of(made)) == ("kiosk-1", "east")
    assert flaw([made, ISSUING.certificate], root=ROOT.certificate, now=NOW, node="kiosk-1", key=KEY) is None


def test_a_node_is_no_server_and_signs_nobody() -> None:
    purposes = KIOSK.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not KIOSK.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not KIOSK.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_a_server_is_known_by_its_addresses_and_names() -> None:
    made = server_certificate(ISSUING, KEY.public_key(), node="broker", addresses=["192.168.8.2", "hall"], now=NOW)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["192.168.8.2"]
    assert names.get_values_for_type(x509.DNSName) == ["hall"]


def test_only_the_root_makes_authorities() -> None:
    assert ISSUING.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_a_request_is_signed_with_its_own_key() -> None:
    forged = bytearray(request_pem(KEY, node="kiosk-1"))
    pem = x509.load_pem_x509_csr(bytes(forged))
    der = bytearray(pem.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    forged_pem = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(BadRequest, match="not signed with its own key"):
        read_request(forged_pem)


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())])
def test_keys_of_other_kinds_are_not_certified(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kiosk-1")])
    asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    with pytest.raises(BadRequest, match="another kind than P-256"):
        read_request(asked.public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN CERTIFICATE REQUEST-----\n!\n", b"x" * 5000])
def test_what_is_no_request_is_said_to_be_none(junk: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(junk)


def test_a_certificate_begins_a_day_ago_and_is_renewed_at_two_thirds_of_its_life() -> None:
    assert KIOSK.not_valid_before_utc == NOW - BACKDATED
    assert renewal_due(KIOSK, made=NOW) - NOW == timedelta(days=243)


def test_nobody_outlives_who_signed_it() -> None:
    late = NOW + timedelta(days=5 * 365 - 10)
    made = node_certificate(ISSUING, KEY.public_key(), node="kiosk-1", now=late)
    assert made.not_valid_after_utc == ISSUING.certificate.not_valid_after_utc
    assert new_issuing(ROOT, now=NOW + timedelta(days=18 * 365)).certificate.not_valid_after_utc == (
        ROOT.certificate.not_valid_after_utc
    )


@pytest.mark.parametrize(
    ("when", "fault", "said"),
    [
        (NOW + timedelta(days=366), Fault.EXPIRED, "ended on 2027-11-22 09:00, and it is 2027-11-23 09:00"),
        (datetime(1970, 1, 1, tzinfo=UTC), Fault.NOT_YET, "it is 1970-01-01 00:00 by this clock"),
    ],
)
def test_a_certificate_out_of_its_time_says_which_clock_says_so(when: datetime, fault: Fault, said: str) -> None:
    found = flaw(CHAIN, root=ROOT.certificate, now=when)
    assert found is not None
    assert found.fault is fault
    assert said in str(found)


def test_a_certificate_of_another_hall_node_or_key_is_told_from_a_right_one() -> None:
    west = new_root("west", now=NOW).certificate
    found = [
        flaw(CHAIN, root=west, now=NOW),
        flaw([KIOSK], root=ROOT.certificate, now=NOW),  # who signed it is not in the file
        flaw(CHAIN, root=ROOT.certificate, now=NOW, node="kiosk-2"),
        flaw(CHAIN, root=ROOT.certificate, now=NOW, key=new_key()),
        flaw(CHAIN, root=ROOT.certificate, now=NOW, node="kiosk-1", key=KEY),
    ]
    faults = [each.fault if each else None for each in found]
    assert faults == [Fault.OTHER_HALL, Fault.OTHER_HALL, Fault.OTHER_NODE, Fault.OTHER_KEY, None]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_its_words_in_both_languages(fault: Fault, language: Language) -> None:

    args = dict.fromkeys(("node", "hall", "of", "wanted", "begin", "end", "now", "host", "problem"), "X")
    assert "{" not in Flaw(fault=fault, args=args).said(language)


def test_files_read_back_what_was_written() -> None:
    assert read_chain(chain_pem(*CHAIN)) == CHAIN
    assert read_key(key_pem(KEY)).private_numbers() == KEY.private_numbers()
    assert len(fingerprint(KIOSK)) == 64


def test_what_is_no_certificate_key_or_list_is_said_to_be_none() -> None:
    with pytest.raises(BadCertificate):
        read_chain(b"junk")
    with pytest.raises(BadKey):
        read_key(b"junk")
    with pytest.raises(BadList):
        read_list(b"junk")


def test_an_authority_is_opened_by_its_passphrase_only() -> None:
    file = locked(ROOT, passphrase="four plain words here")
    assert b"east root" not in file
    opened = unlocked(file, passphrase="four plain words here")
    assert opened.certificate == ROOT.certificate
    assert opened.key.private_numbers() == ROOT.key.private_numbers()
    for wrong in ("", "four plain words her", "Four plain words here"):
        with pytest.raises(WrongPassphrase, match="mind capitals"):
            unlocked(file, passphrase=wrong)
    with pytest.raises(ShortPassphrase, match="at least 10 characters"):
        locked(ROOT, passphrase="short")


def test_a_new_list_of_revoked_certificates_counts_more_than_the_one_before() -> None:
    first = revocation_list(ISSUING, [])
    second = revocation_list(ISSUING, [Revoked(serial=KIOSK.serial_number, when=NOW)], before=first)
    assert not is_revoked(KIOSK, first)
    assert is_revoked(KIOSK, read_list(list_pem(second)))
    assert second.last_update_utc > first.last_update_utc
    third = revocation_list(ISSUING, [], before=second)
    assert third.last_update_utc > second.last_update_utc
    found = flaw(CHAIN, root=ROOT.certificate, now=NOW, revoked=second)
    assert found is not None
    assert found.fault is Fault.REVOKED


def test_a_list_of_revoked_certificates_lasts_as_long_as_who_signed_it() -> None:
    assert revocation_list(ISSUING, []).next_update_utc == ISSUING.certificate.not_valid_after_utc


def test_what_the_registrar_made_by_a_clock_that_ran_ahead_counts_when_it_is_right_again() -> None:
    since, ahead = ISSUING.certificate.not_valid_before_utc, NOW + timedelta(days=300)
    made = node_certificate(ISSUING, KEY.public_key(), node="kiosk-1", now=ahead, since=since)
    assert flaw([made, ISSUING.certificate], root=ROOT.certificate, now=NOW) is None
    assert renewal_due(made, made=ahead) - ahead == timedelta(days=243)
    gone = [Revoked(serial=each, when=ahead) for each in range(1, 5)]
    lists = [revocation_list(ISSUING, gone[:count]) for count in range(5)]  # though the one before was lost
    dates = [each.last_update_utc for each in lists]
    assert dates == sorted(set(dates))
    assert dates[-1] < NOW
