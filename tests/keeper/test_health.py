"""What a keeper reads from a machine's files and commands, from samples of real machines."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broker.contract.messages import BoxHealth
from keeper import body, certificates, clock, disk, units
from keeper.health import health, image
from keeper.machine import Machine

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BARE = BoxHealth(box="k1")
CHRONY = (
    "C0A80801,192.168.8.1,3,1795344000.123456789,{offset},0.000001,0.00001,-12.1,0.01,0.2,0.001,0.002,64.2,Normal\n"
)
UNSET = "7F7F0101,,0,0.000000000,0.000000000,0.0,0.0,-12.1,0.0,0.0,1.0,1.0,0.0,Not synchronised\n"


class Box:
    """A machine made of sample files, and of commands that print samples."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "bin").mkdir()
        self.machine = Machine(root=root, commands=f"{root / 'bin'}:/usr/bin:/bin")

    def file(self, name: str, text: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def command(self, name: str, prints: str, *, code: int = 0) -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\ncat <<'END'\n{prints.rstrip()}\nEND\nexit {code}\n", encoding="utf-8")
        path.chmod(0o755)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def keys(health: BoxHealth) -> list[str]:
    return [each.key for each in health.findings]


@pytest.mark.parametrize(
    ("offset", "key", "offset_ms"),
    [
        ("-0.000412", "clock_ok", 0.412),
        ("0.350000", "clock_drifts", -350.0),
        ("-7200.5", "clock_off", 7_200_500.0),
    ],
)
def test_a_clock_is_as_right_as_chrony_says(box: Box, offset: str, key: str, offset_ms: float) -> None:
    box.command("chronyc", CHRONY.format(offset=offset))
    told = clock.look(BARE, box.machine)
    assert (keys(told), told.clock_offset_ms, told.clock_set) == ([key], offset_ms, True)


def test_a_clock_without_a_source_is_kept_by_its_battery_or_not_at_all(box: Box) -> None:
    box.command("chronyc", UNSET)
    assert keys(clock.look(BARE, box.machine)) == ["clock_alone"]
    box.file("/sys/class/rtc/rtc0/since_epoch", "41\n")  # a chip without a battery begins with the power
    assert keys(clock.look(BARE, box.machine)) == ["clock_alone"]
    box.file("/sys/class/rtc/rtc0/since_epoch", "1795344000\n")
    assert keys(clock.look(BARE, box.machine)) == ["clock_lost"]


def test_a_dispatcher_that_serves_its_own_time_has_no_source(box: Box) -> None:
    own = CHRONY.format(offset="0.0").replace("C0A80801,192.168.8.1,3", "7F7F0101,,10")
    box.command("chronyc", own)
    assert keys(clock.look(BARE, box.machine)) == ["clock_alone"]


def test_without_chrony_systemd_s_own_client_counts(box: Box) -> None:
    box.command("chronyc", "506 Cannot talk to daemon", code=1)
    box.file("/run/systemd/timesync/synchronized", "")
    told = clock.look(BARE, box.machine)
    assert (keys(told), told.clock_set, told.clock_offset_ms) == (["clock_ok"], True, None)


MOUNTS = """\
22 1 0:21 / / ro,relatime shared:1 - overlay overlay rw,lowerdir=/l
40 22 179:4 / /var ro,relatime shared:9 master:1 - ext4 /dev/mmcblk0p4 {options},errors=remount-ro
41 40 0:30 / /var/spool rw - tmpfs tmpfs ro,size=10k
torn
"""


def test_a_disk_that_the_kernel_has_locked_is_found(box: Box) -> None:
    assert not disk.is_read_only(MOUNTS.format(options="rw"), "/var/lib")
    assert disk.is_read_only(MOUNTS.format(options="ro"), "/var/lib")
    assert disk.is_read_only(MOUNTS.format(options="rw"), "/var/spool")
    assert not disk.is_read_only(MOUNTS.format(options="ro"), "/variety")
    box.file("/var/keep", "")
    box.file("/proc/self/mountinfo", MOUNTS.format(options="ro"))
    assert "disk_read_only" in keys(disk.look(BARE, box.machine, directory="/var"))


def test_room_errors_and_wear_of_a_card_are_told(box: Box) -> None:
    box.file("/var/keep", "")
    box.file("/proc/self/mountinfo", MOUNTS.format(options="rw"))
    box.file("/sys/fs/ext4/mmcblk0p4/errors_count", "2\n")
    box.file("/sys/block/mmcblk0/device/life_time", "0x02 0x09\n")
    box.file("/sys/block/mmcblk0/device/pre_eol_info", "0x01\n")
    told = disk.look(BARE, box.machine, directory="/var")
    assert keys(told)[1:] == ["disk_errors", "card_worn"]
    assert told.disk_wear_percent == 90
    assert told.disk_free_mb is not None
    box.file("/sys/block/mmcblk0/device/pre_eol_info", "0x03\n")
    assert keys(disk.look(BARE, box.machine, directory="/var"))[2] == "card_spent"


def test_a_data_partition_that_is_not_there_is_red(box: Box) -> None:
    assert keys(disk.look(BARE, box.machine, directory="/data")) == ["disk_gone", "card_unknown"]


@pytest.mark.parametrize(
    ("life_time", "percent"), [("0x00 0x00", None), ("", None), ("0x01 0x01", 10), ("0x0b 0x01", 100), ("?", None)]
)
def test_wear_is_in_steps_of_ten(life_time: str, percent: int | None) -> None:
    assert disk.wear_percent(life_time) == percent


@pytest.mark.parametrize(
    ("bits", "key"), [("0", "power_ok"), ("50005", "power_low"), ("50000", "power_was_low"), ("80008", "power_slowed")]
)
def test_a_pi_says_whether_its_supply_is_enough(box: Box, bits: str, key: str) -> None:
    box.file(body.THROTTLED, f"{bits}\n")
    assert keys(body.power(BARE, box.machine)) == [key]


def test_a_machine_that_does_not_tell_has_no_finding(box: Box) -> None:
    assert keys(body.power(BARE, box.machine)) == keys(body.heat(BARE, box.machine)) == []
    assert body.network(BARE, box.machine).findings == ()


def test_the_hottest_sensor_counts_and_a_broken_one_does_not(box: Box) -> None:
    for zone, millidegrees in enumerate((48_312, 79_900, 255_000, -274_000)):
        box.file(f"/sys/class/thermal/thermal_zone{zone}/temp", f"{millidegrees}\n")
    told = body.heat(BARE, box.machine)
    assert (keys(told), told.temperature_c) == (["temperature_high"], 79.9)


def test_memory_and_load_are_told(box: Box) -> None:
    box.file(
        "/proc/meminfo", "MemTotal:        947732 kB\nMemFree:  12 kB\nMemAvailable:     80124 kB\nHugePages_Total: 0\n"
    )
    box.file("/proc/loadavg", "0.52 9.10 0.59 2/134 12345\n")
    box.file("/proc/uptime", "86400.55 300000.1\n")
    for cpu in range(4):
        box.file(f"/sys/devices/system/cpu/cpu{cpu}/online", "1\n")
    told = body.load(body.memory(BARE, box.machine), box.machine)
    assert keys(told) == ["memory_low", "load_high"]
    assert (told.memory_free_mb, told.load, told.uptime_s) == (78, 0.13, 86_400)


def test_one_connected_card_is_enough(box: Box) -> None:
    for name, state, carrier in (("eth0", "down", "0"), ("wlan0", "up", "1"), ("lo", "unknown", "1")):
        box.file(f"/sys/class/net/{name}/operstate", state)
        box.file(f"/sys/class/net/{name}/carrier", carrier)
        box.file(f"/sys/class/net/{name}/type", "772" if name == "lo" else "1")
        box.file(f"/sys/class/net/{name}/device/uevent", "")
    assert keys(body.network(BARE, box.machine)) == ["network_ok"]
    box.file("/sys/class/net/wlan0/operstate", "down")
    assert keys(body.network(BARE, box.machine)) == ["network_down"]
    box.file("/sys/class/net/eth0/operstate", "up")
    box.file("/sys/class/net/eth0/carrier", "1")
    box.file("/sys/class/net/eth0/speed", "10")
    assert keys(body.network(BARE, box.machine)) == ["network_slow"]


SHOWN = """\
Id=hallcall-kiosk@kiosk-1.service
NRestarts=0
Result=success
StatusText=alive
ActiveState=active
SubState=running

Id=hallcall-counter@box-1.service
NRestarts={restarts}
Result=exit-code
StatusText=
ActiveState={active}
SubState=auto-restart
"""


def test_services_that_fail_or_keep_starting_are_told(box: Box) -> None:
    box.command("systemctl", SHOWN.format(restarts=0, active="active"))
    assert keys(units.look(BARE, box.machine, box_file=box.root / "box.toml")) == ["units_ok"]
    box.command("systemctl", SHOWN.format(restarts=17, active="activating"))
    told = units.look(BARE, box.machine, box_file=box.root / "box.toml")
    assert told.findings[0].args == {"unit": "hallcall-counter@box-1.service", "times": 17}
    box.command("systemctl", SHOWN.format(restarts=17, active="failed"))
    assert keys(units.look(BARE, box.machine, box_file=box.root / "box.toml")) == ["unit_failed"]
    box.command("systemctl", "System has not been booted with systemd", code=1)
    assert keys(units.look(BARE, box.machine, box_file=box.root / "box.toml")) == ["units_unknown"]


def test_where_systemd_does_not_answer_a_unit_without_processes_is_told(box: Box) -> None:
    box.command("systemctl", "Failed to list units: Transport endpoint is not connected", code=1)
    expected = {"keeper-k1": "hallcall-keeper@keeper-k1.service", "web-1": "hallcall-web@web-1.service"}
    place = "/sys/fs/cgroup/system.slice/system-hallcall\\x2d{}.slice/{}/cgroup.events"
    box.file(place.format("keeper", expected["keeper-k1"]), "populated 1\nfrozen 0\n")
    box.file(place.format("web", expected["web-1"]), "populated 0\nfrozen 0\n")
    stopped = units.by_processes(box.machine, expected)
    assert [(each.key, each.args["node"]) for each in stopped] == [("node_stopped", "web-1")]
    box.file(place.format("web", expected["web-1"]), "populated 1\nfrozen 0\n")
    assert [each.key for each in units.by_processes(box.machine, expected)] == ["units_ok"]


def certificate(path: Path, *, days: int, begins: datetime = NOW - timedelta(days=300)) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.stem)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def test_the_certificates_that_end_first_are_told_first_and_missing_ones_too(tmp_path: Path) -> None:
    certificate(tmp_path / "kiosk-1.crt", days=200)
    certificate(tmp_path / "keeper-k1.crt", days=201)
    certificate(tmp_path / "root.crt", days=7000)
    nodes = ["keeper-k1", "kiosk-1"]
    told = certificates.look(BARE, tmp_path, nodes, now=NOW)
    assert keys(told) == ["certificate_ok"]
    assert told.findings[0].args == {"node": "kiosk-1", "last_day": "2027-06-10", "count": 2}
    certificate(tmp_path / "kiosk-1.crt", days=90)
    certificate(tmp_path / "keeper-k1.crt", days=3)
    (tmp_path / "board-1.crt").write_text("torn", encoding="utf-8")
    told = certificates.look(BARE, tmp_path, [*nodes, "web-1"], now=NOW)
    assert sorted(keys(told)) == [
        "certificate_broken", "certificate_ends", "certificate_ends_soon", "certificate_missing",
    ]  # fmt: skip
    certificate(tmp_path / "kiosk-1.crt", days=-1)
    certificate(tmp_path / "keeper-k1.crt", days=300, begins=NOW + timedelta(days=1))
    told = certificates.look(BARE, tmp_path, nodes, now=NOW)
    assert keys(told)[:2] == ["certificate_early", "certificate_ended"]


def test_a_hall_with_passwords_has_no_certificates(tmp_path: Path) -> None:
    assert keys(certificates.look(BARE, tmp_path / "none", [], now=NOW)) == ["certificate_none"]


def test_the_image_and_its_slot_are_told(box: Box) -> None:
    box.file("/proc/cmdline", "quiet root=/dev/mmcblk0p2 rauc.slot=B console=tty1")
    box.file("/etc/os-release", 'ID=hallcall\nIMAGE_VERSION="2026.11.22"\nVERSION_ID="12"\n')
    told = image(BARE, box.machine)
    assert (told.slot, told.image) == ("B", "2026.11.22")


def test_this_very_machine_can_be_looked_at(tmp_path: Path) -> None:
    told = health(
        Machine(),
        box="here",
        box_file=tmp_path / "box.toml",
        tls_dir=tmp_path / "tls",
        directory=str(tmp_path),
        now=NOW,
    )
    assert {"clock", "disk", "memory", "load", "units"} <= {each.what for each in told.findings}
