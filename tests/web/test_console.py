"""The clerk's console as its server sees it: real mosquitto, real dispatcher, real server, requests by hand."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.contract.messages import Called, CallNext, CounterState, FinishService, Hall, Refused

from .console_hall import ConsoleHall

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]


NOT_FOR_CLERKS = (
    (b"{", 400),
    (b"[]", 400),
    (b"\xff", 400),
    (b"[" * 8000, 400),
    (b" " * 9000, 413),
    ({"type": "OpenDay", "id": str(uuid.uuid4()), "day": "2026-11-22"}, 400),
    ({"type": "SignIn", "id": str(uuid.uuid4()), "clerk": "0802"}, 400),
    ({"type": "CallNext", "id": "1"}, 400),
    ({"type": "CallNext", "id": str(uuid.uuid4()), "counter": "1"}, 400),
    ({"type": "HoldVisit", "id": str(uuid.uuid4())}, 400),
    ({"type": "CallNext", "id": str(uuid.uuid4()), "unknown": 1}, 400),
    ({"type": "CallNext", "id": str(uuid.uuid4()), "counter": 2}, 403),
    ({"type": "StartEvacuation", "id": str(uuid.uuid4())}, 403),
    ({"type": "MarkServedByHand", "id": str(uuid.uuid4()), "up_to": "A001"}, 403),
)


@pytest.fixture
async def hall(tmp_path: Path, small_hall: Hall) -> AsyncIterator[ConsoleHall]:
    async with ConsoleHall(tmp_path, small_hall) as hall:
        yield hall


async def test_a_clerk_signs_in_calls_serves_and_leaves(hall: ConsoleHall) -> None:
    await hall.take()
    pc = hall.pc()
    status, me = await pc.sign_in("0731", 1)
    assert (status, me["clerk"], me["role"], me["counter"]) == (200, "0731", "clerk", 1)
    assert "HttpOnly" in pc.set_cookie
    assert "SameSite=strict" in pc.set_cookie
    async with pc.live() as live:
        view = await live.event("counter", clerk="0731", waiting=1)
        status, said = await pc.act("CallNext", seen=None)
        assert (status, said["answer"]["ticket"]) == (200, "A001")
        view = await live.event("counter", state="called")
        assert (view["card"]["service"], view["card"]["past"]) == ("bill", [])
        assert (await live.event("queues"))["queues"][0].keys() == {
            "service", "waiting", "wait_low_min", "wait_high_min", "mine",
        }  # fmt: skip
        assert (await pc.act("StartService", seen=view["call"]))[0] == 200
        assert (await pc.act("FinishService", seen=view["call"]))[0] == 200
        await live.event("counter", state="idle")
        assert (await pc.post("/console/sign-out", {})) == (200, {"done": True})
        assert (await live.event("ended"))["reason"] == "signed_out"
    await hall.pad.counter(1, clerk=None)
    assert (await pc.get("/console/me"))[0] == 401


async def test_nothing_is_done_without_a_session_its_token_and_a_page_of_ours(hall: ConsoleHall) -> None:
    await hall.take()
    stranger = hall.pc()
    assert (await stranger.act("CallNext", seen=None))[1]["reason"] == "signed_out"
    for path in ("/console/me", "/console/live"):
        assert (await stranger.get(path))[0] == 401
    for path in ("move", "stay", "note", "sign-out", "act"):
        assert (await stranger.post(f"/console/{path}", {}))[0] == 401
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    act = {"type": "CallNext", "id": str(uuid.uuid4()), "seen": None, "lang": "en"}
    for headers, reason in (
        ({"x_hallcall_token": "guessed"}, "wrong_token"),
        ({"x_hallcall_token": ""}, "wrong_token"),
        ({"origin": "http://elsewhere.example"}, "foreign_page"),
        ({"sec_fetch_site": "cross-site"}, "foreign_page"),
        ({"sec_fetch_site": "same-site"}, "foreign_page"),
        ({"origin": "", "sec_fetch_site": ""}, "foreign_page"),
    ):
        status, said = await pc.post("/console/act", act, **headers)
        assert (status, said["reason"]) == (403, reason), headers
    status, said = await pc.post("/console/act", act, content_type="text/plain")
    assert (status, said["reason"]) == (415, "not_understood")
    assert (await pc.get("/console/act"))[0] == 405
    view = await hall.pad.counter(1, clerk="0731")
    assert view.call is None
    status, said = await hall.pc().post(
        "/console/sign-in", {"clerk": "0731", "pin": "4711", "counter": 1}, origin="http://elsewhere.example"
    )
    assert (status, said["reason"]) == (403, "foreign_page")


async def test_what_a_clerk_may_not_ask_is_refused_in_words(hall: ConsoleHall) -> None:
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    for body, status in NOT_FOR_CLERKS:
        answered, said = await pc.post("/console/act", body)
        assert (answered, bool(said["text"])) == (status, True), body


async def test_an_act_that_is_posted_again_is_done_once_and_answered_the_same(hall: ConsoleHall) -> None:
    for _ in range(3):
        await hall.take()
    pc, drawn = hall.pc(), str(uuid.uuid4())
    await pc.sign_in("0731", 1)
    at_once = await asyncio.gather(*(pc.act("CallNext", drawn=drawn, seen=None) for _ in range(4)))
    later = await pc.act("CallNext", drawn=drawn, seen=None)
    assert {said["answer"]["call"] for _, said in (*at_once, later)} == {later[1]["answer"]["call"]}
    assert (await hall.pad.counter(1, ticket="A001")).waiting == 2


async def test_a_press_that_comes_after_one_on_the_pad_is_told_what_happened_meanwhile(hall: ConsoleHall) -> None:
    await hall.take()
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    async with pc.live() as live:
        seen = await live.event("counter", clerk="0731", waiting=1)
        assert isinstance(await hall.pad.press(CallNext, 1), Called)
        status, said = await pc.act("CallNext", seen=None, view_seq=seen["seq"])
        assert (status, said["reason"]) == (409, "stale")
        (line,) = said["meanwhile"]
        assert line["text"].endswith("A001 was called (call pad)")
        _, said = await pc.act("CallNext", seen=None, view_seq=seen["seq"], lang="zh")
        assert said["meanwhile"][0]["text"].endswith("已呼叫 A001（呼叫器）")


async def test_of_two_tabs_the_later_one_is_told_that_the_other_was_first(hall: ConsoleHall) -> None:
    for _ in range(2):
        await hall.take()
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    async with pc.live() as one, pc.live() as other:
        seq = (await one.event("counter", clerk="0731", waiting=2))["seq"]
        both = await asyncio.gather(*(pc.act("CallNext", seen=None, view_seq=seq) for _ in range(2)))
        assert sorted(status for status, _ in both) == [200, 409]
        late = next(said for status, said in both if status == 409)
        assert late["meanwhile"][0]["text"].endswith("A001 was called (0731, console)")
        for tab in (one, other):
            await tab.event("counter", ticket="A001")


async def test_pad_and_page_at_once_call_one_customer(hall: ConsoleHall) -> None:
    for _ in range(4):
        await hall.take()
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    for _ in range(3):
        view = await hall.pad.counter(1)
        (status, _), pressed = await asyncio.gather(pc.act("CallNext", seen=view.call), hall.pad.press(CallNext, 1))
        assert {status == 200, isinstance(pressed, Called)} == {True, False}
        assert isinstance(pressed, Called | Refused)
        called = await hall.pad.counter(1, state=CounterState.CALLED)
        assert called.times == 1
        await hall.pad.press(FinishService, 1)
        await hall.pad.counter(1, call=None)


async def test_two_clerks_at_one_counter_the_one_who_took_it_over_acts(hall: ConsoleHall) -> None:
    first, second = hall.pc(), hall.pc("127.0.0.2")
    await first.sign_in("0731", 1)
    await hall.pad.counter(1, clerk="0731")
    status, said = await second.sign_in("0802", 1)
    assert (status, said["reason"], said["args"]) == (409, "counter_taken", {"counter": 1, "clerk": "0731"})
    assert (await second.sign_in("0802", 1, take_over=True))[0] == 200
    await hall.pad.counter(1, clerk="0802")
    status, said = await first.act("PauseCounter", seen=None, reason="lunch")
    assert (status, said["reason"]) == (409, "not_your_counter")
    assert "0802" in said["text"]
    assert (await second.act("PauseCounter", seen=None, reason="lunch"))[0] == 200
    assert (await first.post("/console/move", {"counter": 2}))[1]["counter"] == 2
    await hall.pad.counter(2, clerk="0731")
    await first.post("/console/sign-out", {})
    await hall.pad.counter(2, clerk=None)
    assert (await hall.pad.counter(1)).clerk == "0802"


async def test_a_supervisor_acts_for_any_counter_and_staffs_none(hall: ConsoleHall) -> None:
    await hall.take()
    pc = hall.pc()
    status, me = await pc.sign_in("boss", None)
    assert (status, me["role"], me["counter"]) == (200, "supervisor", None)
    assert (await pc.act("CallNext", counter=2, seen=None))[1]["answer"]["ticket"] == "A001"
    assert (await hall.pad.counter(2, ticket="A001")).clerk is None
    assert (await pc.act("StartEvacuation"))[0] == 200
    assert (await pc.act("EndEvacuation"))[0] == 200
    assert (await pc.act("CallNext", seen=None))[1]["reason"] == "counter_missing"


async def test_wrong_pins_are_tried_slowly_whoever_s_they_are(hall: ConsoleHall) -> None:
    thief = hall.pc("127.0.0.7")
    for _ in range(4):
        assert (await thief.sign_in("0731", 1, pin="0000"))[1]["reason"] == "wrong_pin"
    status, said = await thief.sign_in("0731", 1, pin="0001")
    assert (status, said["reason"], said["args"]) == (429, "throttled", {"seconds": 30})
    assert (await thief.sign_in("0731", 1))[0] == 429  # the right one is not looked at either
    assert (await thief.sign_in("0802", 1))[0] == 429  # nor another clerk's from there
    assert (await hall.pc("127.0.0.8").sign_in("0731", 1))[0] == 429
    assert (await hall.pc("127.0.0.8").sign_in("0802", 1))[0] == 200
    many = await asyncio.gather(*(hall.pc(f"127.0.1.{n}").sign_in("boss", None, pin=f"{n}") for n in range(1, 30)))
    assert sum(status == 401 for status, _ in many) <= 5  # at once helps nobody


async def test_sessions_outlive_the_server_and_only_their_hashes_are_on_disk(hall: ConsoleHall) -> None:
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    hall.web.kill()
    await hall.web.wait()
    hall.web = await hall.start("web", "web.toml")
    await hall.serves()
    status, me = await pc.get("/console/me")
    assert (status, me["clerk"], me["token"]) == (200, "0731", pc.token)
    assert (await pc.act("OpenCounter", seen=None))[0] == 200
    kept = (hall.directory / "web" / "sessions.json").read_text(encoding="utf-8")
    assert "0731" in kept
    assert not any(secret in kept for secret in (*pc.cookies.values(), pc.token))


async def test_a_page_of_an_earlier_sign_in_acts_no_more(hall: ConsoleHall) -> None:
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    old_cookies, old_token = dict(pc.cookies), pc.token
    await pc.sign_in("0802", 1, take_over=True)
    status, said = await pc.post("/console/stay", {}, x_hallcall_token=old_token)
    assert (status, said["reason"]) == (403, "wrong_token")
    pc.cookies = old_cookies
    assert (await pc.get("/console/me"))[0] == 401


async def test_a_note_goes_to_whoever_has_the_visit_next_and_into_no_event(hall: ConsoleHall) -> None:
    await hall.take()
    first, second = hall.pc(), hall.pc("127.0.0.2")
    await first.sign_in("0731", 1)
    await second.sign_in("0802", 2)
    _, said = await first.act("CallNext", seen=None)
    call = said["answer"]["call"]
    await hall.pad.counter(1, call=call)
    async with first.live() as live:
        await live.event("counter", call=call)
        assert (await first.post("/console/note", {"text": "户主本人，缺照片", "seen": call}))[0] == 200
        notes = await live.event("notes", visit=call.rpartition(".")[0])
        while not notes["notes"]:
            live.last.pop("notes")
            notes = await live.event("notes")
        assert [(each["clerk"], each["text"]) for each in notes["notes"]] == [("0731", "户主本人，缺照片")]
    assert (await first.post("/console/note", {"text": "x" * 501, "seen": call}))[0] == 400
    assert (await first.act("TransferVisit", seen=call, to_counter=2))[0] == 200
    _, said = await second.act("CallNext", seen=None)
    call = said["answer"]["call"]
    async with second.live() as live:
        await live.event("counter", call=call)
        notes = await live.event("notes", visit=call.rpartition(".")[0])
        assert [each["counter"] for each in notes["notes"]] == [1]
    journal = next((hall.directory / "journal").glob("*.sqlite")).read_bytes()
    assert "缺照片".encode() not in journal


async def test_while_the_dispatcher_is_away_the_page_is_told_and_nothing_is_pretended(hall: ConsoleHall) -> None:
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    async with pc.live() as live:
        await live.event("here", here=True)
        hall.dispatcher.terminate()
        await live.event("here", here=False)
        status, said = await pc.act("OpenCounter", seen=None)
        assert (status, said["reason"]) == (503, "away")
        hall.dispatcher = await hall.start("broker.dispatcher", "dispatcher.toml")
        await live.event("here", here=True)
        assert (await live.event("counter", clerk="0731"))["counter"] == 1


async def test_a_page_is_warned_before_its_session_ends_may_stay_and_hears_when_it_is_over(
    tmp_path: Path, small_hall: Hall
) -> None:
    async with ConsoleHall(tmp_path / "short", small_hall, idle_min=0.05) as hall:
        pc = hall.pc()
        await pc.sign_in("0731", 1)
        async with pc.live() as live:
            assert (await live.event("me"))["idle_s"] == 3
            await live.event("ending")
            assert (await pc.post("/console/stay", {}))[0] == 200
            live.last.clear()
            await live.event("ending")  # and again, three seconds later
            assert "ended" not in live.last
            assert (await live.event("ended"))["reason"] == "idle"
        status, said = await pc.act("OpenCounter", seen=None)
        assert (status, said["reason"]) == (401, "signed_out")
        assert (await hall.pad.counter(1)).clerk == "0731"  # who may still be there, at the pad


async def test_a_clerk_whose_pin_is_taken_away_is_signed_out_at_once(hall: ConsoleHall) -> None:
    pc = hall.pc()
    await pc.sign_in("0731", 1)
    async with pc.live() as live:
        await live.event("counter", clerk="0731")
        hall.pins.remove("0731")
        assert (await pc.act("OpenCounter", seen=None))[1]["reason"] == "signed_out"
        assert (await live.event("ended"))["reason"] == "signed_out"


async def test_over_https_the_cookie_is_never_sent_without_it(tmp_path: Path, small_hall: Hall) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=hall"]
    made = await asyncio.create_subprocess_exec(
        "openssl", *words, "-keyout", str(key), "-out", str(certificate), stderr=asyncio.subprocess.DEVNULL
    )
    assert await made.wait() == 0
    pages = f'certificate = "{certificate}"\nkey = "{key}"'
    async with ConsoleHall(tmp_path / "hall", small_hall, pages=pages) as hall:
        pc = hall.pc()
        assert (await pc.sign_in("0731", 1))[0] == 200
        assert "Secure" in pc.set_cookie
        assert list(pc.cookies) == ["__Host-hallcall"]
        assert (await pc.act("OpenCounter", seen=None))[0] == 200
