"""The files that mosquitto reads; that it understands them, test_bus shows."""

from pathlib import Path

from broker.contract.messages import Hall
from broker.mosquitto import acl, broker_conf, password_line


def rights(hall: Hall, name: str) -> list[str]:
    """Return what one login may do, without the topics' common beginning."""
    block = next(block for block in acl(hall).split("\n\n") if block.startswith(f"user {name}\n"))
    return [line.removeprefix("topic ").replace("hallcall/1/east/", "") for line in block.splitlines()[1:]]


def test_each_node_has_its_own_topics_and_no_others(small_hall: Hall) -> None:
    shared = ["read event/+", "read view/hall", "read view/queues", "read view/board/+", "read view/counter/+"]
    for name in ("kiosk-1", "kiosk-2", "board-1", "box-1"):
        own = [f"write cmd/{name}", f"read reply/{name}", *shared, f"readwrite node/{name}", "read node/dispatcher"]
        assert rights(small_hall, name) == own


def test_the_dispatcher_hears_all_and_says_what_is_its_own_and_who_watches_only_hears(small_hall: Hall) -> None:
    told = ["reply/+", "event/+", "view/hall", "view/queues", "view/board/+", "view/counter/+", "node/dispatcher"]
    assert rights(small_hall, "dispatcher") == ["read #", *(f"write {topic}" for topic in told)]
    assert rights(small_hall, "watcher") == ["read #"]


def test_nobody_else_may_log_in_and_nothing_is_kept() -> None:
    lines = broker_conf(port=1884, directory=Path("/run/hall call")).splitlines()
    assert {"listener 1884 127.0.0.1", "allow_anonymous false", "persistence false"} <= set(lines)
    assert "acl_file /run/hall call/mosquitto.acl" in lines


def test_the_same_password_never_looks_the_same() -> None:
    assert password_line("kiosk-1", "secret") != password_line("kiosk-1", "secret")
    assert "secret" not in password_line("kiosk-1", "secret")
