"""A claim's whole life by command line over real books, and a lost kiosk taken over."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hub.cli import main
from hub.composition import persons
from tools.hub_process import new_id, power_hub

PERSONS = {"li": "correct horse battery", "wang": "staple less often"}


class Office:
    """Two persons at the command line of a hub's books."""

    def __init__(self, hub: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.hub, self._folder, self._capsys = hub, folder, capsys
        for name, words in PERSONS.items():
            (folder / name).write_text(words + "\n", encoding="utf-8")
            self.run("person", "add", name, *self.proof(name))

    def proof(self, name: str, option: str = "--passphrase-file") -> tuple[str, str]:
        return option, str(self._folder / name)

    def run(self, *arguments: str) -> Any:
        """Run a command that succeeds; give its JSON."""
        assert main([*arguments, "--database", self.hub.url, "--json"]) == 0, self._capsys.readouterr().err
        return json.loads(self._capsys.readouterr().out)

    def refused(self, *arguments: str) -> str:
        assert main([*arguments, "--database", self.hub.url, "--json"]) == 2
        return self._capsys.readouterr().err

    def propose(self, reference: str, target: str, *more: str, by: str = "li") -> tuple[str, ...]:
        return (
            "claims",
            "propose",
            reference,
            "--to",
            target,
            "--by",
            by,
            "--note",
            "n",
            *self.proof(by),
            *more,
        )

    def approve(self, reference: str, by: str = "wang") -> tuple[str, ...]:
        return ("claims", "approve", reference, "--by", by, *self.proof(by))

    def reject(self, reference: str, by: str = "wang") -> tuple[str, ...]:
        return ("claims", "reject", reference, "--by", by, "--note", "no", *self.proof(by))

    def claim(self, amount_fen: int, memo_fen: int = 0, **changes: Any) -> str:
        """Make a claim as a kiosk does; give its reference."""
        reference = new_id()[:12].upper()
        order: dict[str, Any] = {
            "reference": reference,
            "payment_id": None,
            "account_no": None,
            "amount_fen": amount_fen,
        }
        order |= {"memo_fen": memo_fen, "reason": "late_note", "notes": []}
        order |= {"made_at": "2026-01-01T04:05:00Z"} | changes
        claim_id = new_id()
        assert self.hub.client().put(f"/v1/claims/{claim_id}", order).status_code == 201
        return reference


@pytest.fixture
def office(
    own_hub: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """An office whose passphrases are hashed at a small cost; tests/journeys/test_takeover.py pays the true one."""
    monkeypatch.setattr(persons, "_N", 2**10)
    yield Office(own_hub, tmp_path, capsys)
    assert own_hub.check().findings == ()


@pytest.fixture
def true_office(own_hub: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """An office whose passphrases other processes know too."""
    yield Office(own_hub, tmp_path, capsys)
    assert own_hub.check().findings == ()


def test_a_claim_is_released_to_an_account_by_two_persons(office: Any) -> None:
    hub, client = office.hub, office.hub.client()
    account = hub.account((12374,), 35)
    reference = office.claim(13_000)
    assert [claim["state"] for claim in office.run("claims", "list")] == ["open"]
    assert office.run("claims", "list", "--older-than", "1") == []
    assert office.run("claims", "list", "--state", "proposed") == []
    assert "no account" in office.refused(*office.propose(reference, "account:0399"))
    assert "nothing is proposed" in office.refused(*office.approve(reference))
    assert office.run(*office.propose(reference, f"account:{account.account_no}"))["state"] == "proposed"
    assert "not open" in office.refused(*office.propose(reference, "refund"))
    assert "another person" in office.refused(*office.approve(reference, "li"))
    assert hub.check().suspense_fen == 13_000
    assert client.get(f"/v1/references/{reference}").json()["state"] == "open"
    released = office.run(*office.approve(reference))
    assert (released["state"], released["resolution"]) == ("released", "credited")
    assert "nothing is proposed" in office.refused(*office.approve(reference))
    shown = client.get(f"/v1/accounts/{account.account_no}").json()
    assert (shown["balance_fen"], shown["arrears_fen"], hub.check().suspense_fen) == (661, 0, 0)
    view = client.get(f"/v1/references/{reference}").json()
    assert (view["state"], view["resolution"]) == ("released", "credited")
    told = client.get(f"/v1/claims/{released['id']}").json()
    assert (told["state"], told["resolution"]) == ("released", "credited")
    ((claim),) = office.run("claims", "show", reference)
    (proposal,) = claim["proposals"]
    assert (proposal["proposed_by"], proposal["decided_by"]) == ("li", "wang")


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_rejected_claim_is_open_again_and_can_be_refunded(office: Any) -> None:
    reference = office.claim(500)
    office.run(*office.propose(reference, "refund"))
    assert office.run(*office.reject(reference))["state"] == "open"
    assert "nothing is proposed" in office.refused(*office.reject(reference))
    office.run(*office.propose(reference, "refund", by="wang"))
    released = office.run(*office.approve(reference, "li"))
    assert (released["state"], released["resolution"]) == ("released", "refunded")
    assert [each["decision"] for each in office.run("claims", "show", reference)[0]["proposals"]] == [
        "rejected",
        "approved",
    ]


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_what_the_count_found_of_a_memo_amount_is_released(office: Any) -> None:
    reference = office.claim(700, 5000, reason="note_fate_unknown")
    assert "say what the count" in office.refused(*office.propose(reference, "refund"))
    assert "not found" in office.refused(*office.propose(reference, "refund", "--amount", "5001"))
    assert "700 fen are there" in office.refused(*office.propose(reference, "none"))
    office.run(*office.propose(reference, "refund", "--amount", "5000"))
    assert office.run(*office.approve(reference))["state"] == "released"
    assert office.hub.check().suspense_fen == 0
    nothing = office.claim(0, 5000, reason="note_fate_unknown")
    assert "close the claim" in office.refused(*office.propose(nothing, "refund", "--amount", "0"))
    office.run(*office.propose(nothing, "none"))
    closed = office.run(*office.approve(nothing))
    assert (closed["state"], closed["resolution"]) == ("closed", "nothing_found")
    certain = office.claim(100)
    assert "certain" in office.refused(*office.propose(certain, "refund", "--amount", "100"))
    assert "100 fen are there" in office.refused(*office.propose(certain, "none"))
    assert "expected" in office.refused(*office.propose(certain, "pocket"))


def test_two_approvals_at_once_release_once(true_office: Any, tmp_path: Path) -> None:
    office = true_office
    reference = office.claim(900)
    (tmp_path / "zhao").write_text("another passphrase", encoding="utf-8")
    office.run("person", "add", "zhao", *office.proof("zhao"))
    office.run(*office.propose(reference, "refund"))
    with ThreadPoolExecutor(2) as pool:
        commands = [office.approve(reference, by) for by in ("wang", "zhao")]
        ends = list(
            pool.map(lambda each: power_hub(*each, "--database", office.hub.url, check=False), commands)
        )
    assert sorted(end.returncode for end in ends) == [0, 2], [end.stderr for end in ends]
    assert office.hub.check().suspense_fen == 0


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_claim_is_shown_with_the_others_for_its_payment(
    office: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    of_one, of_another = new_id(), new_id()
    first = office.claim(0, 5000, payment_id=of_one, reason="note_fate_unknown")
    second = office.claim(0, 2000, payment_id=of_one, reason="note_fate_unknown")
    alone = [office.claim(100, payment_id=of_another), office.claim(100), office.claim(100)]
    beside = {
        each: [other["reference"] for other in office.run("claims", "show", each)[0]["others"]]
        for each in (first, second, *alone)
    }
    assert beside == {first: [second], second: [first]} | {each: [] for each in alone}
    assert main(["claims", "show", first, "--database", office.hub.url]) == 0
    assert f"another claim for the same payment: {second}  open" in capsys.readouterr().out


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_references_that_are_not_one(office: Any) -> None:
    assert "no claim X" in office.refused("claims", "show", "X")
    assert "no claim X" in office.refused(*office.propose("X", "refund"))
    for _ in range(2):
        office.claim(100, reference="TWICE")
    shown = office.run("claims", "show", "TWICE")
    assert len(shown) == 2
    assert shown[0]["id"] in office.refused(*office.propose("TWICE", "refund"))


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_persons_are_proved(office: Any, tmp_path: Path) -> None:
    assert office.run("person", "list") == ["li", "wang"]
    (tmp_path / "wrong").write_text("not the passphrase", encoding="utf-8")
    (tmp_path / "short").write_text("short", encoding="utf-8")
    reference = office.claim(100)
    command = ("claims", "propose", reference, "--to", "refund", "--note", "n")
    for by in ("li", "nobody"):
        assert "the passphrase is wrong" in office.refused(*command, "--by", by, *office.proof("wrong"))
    for alike in ("li", "Li", "ｌｉ", "l.i"):
        assert "li is registered already" in office.refused("person", "add", alike, *office.proof("li"))
    assert "at least" in office.refused("person", "add", "zhao", *office.proof("short"))
    assert "no name" in office.refused("person", "add", "a/b", *office.proof("li"))
    office.run("person", "remove", "li")
    assert "no person li" in office.refused("person", "remove", "li")
    assert "the passphrase is wrong" in office.refused(*office.propose(reference, "refund"))
    assert office.run("claims", "list")[0]["state"] == "open"


def test_a_lost_kiosks_open_items_are_taken_over(office: Any) -> None:
    hub, client = office.hub, office.hub.client()
    account = hub.account((12374,))
    booked, lost, claimed, path = new_id(), new_id(), new_id(), f"/v1/heartbeats/{new_id()}"
    replace = ("terminal", "replace", "kiosk-1", "--note", "disk", "--by", "li", *office.proof("li"))
    second = ("--and", "wang", *office.proof("wang", "--and-passphrase-file"))
    assert "no heartbeat" in office.refused(*replace, *second)
    client.put(f"/v1/payments/{booked}", client.payment_order(account.account_no, 5000))
    item = {"state": "sending", "account_no": account.account_no, "amount_fen": 10_000, "memo_fen": 500}
    item |= {"opened_at": "2026-01-01T04:00:00Z"}
    items = [
        item | {"id": booked, "kind": "payment", "reference": "BOOKED"},
        item | {"id": lost, "kind": "payment", "reference": "LOST"},
        item | {"id": claimed, "kind": "claim", "reference": "CLAIMED"},
    ]
    beat = {"journal_id": "a" * 32, "seq": 5, "head": "5" * 64, "known": None, "open": items}
    beat |= {"backlog": {"count": 3, "oldest_at": None}, "version": "1"}
    other = beat | {"journal_id": "b" * 32, "seq": 1, "head": "1" * 64, "open": []}
    assert client.put(path, beat).json()["verdict"] == "ok"
    for _ in range(2):
        assert client.put(path, other).json()["verdict"] == "new_journal"
    (head,) = office.run("terminal", "heads")
    assert (head["journal_id"], head["seq"], len(head["open"]), head["backlog"]) == ("a" * 32, 5, 3, 3)
    assert [(each["verdict"], each["times"]) for each in head["alarms"]] == [("new_journal", 2)]
    alone = ("--and", "li", *office.proof("li", "--and-passphrase-file"))
    assert "two different persons" in office.refused(*replace, *alone)

    made = office.run(*replace, *second)["claims"]
    assert [(each["reference"], each["memo_fen"], each["reason"]) for each in made] == [
        ("LOST", 10_500, "taken_over"),
        ("CLAIMED", 10_500, "taken_over"),
    ]
    assert made[0]["payment_id"] == lost
    late = client.put(f"/v1/payments/{lost}", client.payment_order(account.account_no, 10_000))
    assert (late.status_code, late.json()["code"], late.json()["claim_id"]) == (409, "claimed", made[0]["id"])
    assert client.put(path, other).json()["verdict"] == "ok"
    assert client.put(path, beat).json()["verdict"] == "new_journal"
    assert office.run(*replace, *second)["claims"] == []

    office.run(*office.propose("LOST", f"account:{account.account_no}", "--amount", "12000"))
    assert office.run(*office.approve("LOST"))["state"] == "released"
    assert client.get(f"/v1/accounts/{account.account_no}").json()["balance_fen"] == 17_000 - 12_374
    assert hub.check().suspense_fen == 0


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_what_only_the_lost_disk_knows_is_opened_and_released(office: Any) -> None:
    client, account, lost = office.hub.client(), office.hub.account((12374,)), new_id()
    beat = {"journal_id": "a" * 32, "seq": 5, "head": "5" * 64, "known": None, "open": []}
    beat |= {"backlog": {"count": 0, "oldest_at": None}, "version": "1"}
    client.put(f"/v1/heartbeats/{new_id()}", beat)
    by = ("--memo", "10000", "--by", "li", *office.proof("li"))
    known = ("claims", "open", lost, "--terminal", "kiosk-1", "--account", account.account_no)
    assert "passphrase" in office.refused(*known, *by[:4], *office.proof("wang"))
    assert "id" in office.refused("claims", "open", "LOST", *known[3:], *by)
    made = office.run(*known, *by)
    reference = "-".join((lost[:4], lost[4:8], lost[8:12])).upper()
    assert (made["reference"], made["payment_id"], made["memo_fen"]) == (reference, lost, 10_000)
    assert "already" in office.refused(*known, *by)
    late = client.put(f"/v1/payments/{lost}", client.payment_order(account.account_no, 10_000))
    assert (late.status_code, late.json()["code"]) == (409, "claimed")
    office.run(*office.propose(reference, f"account:{account.account_no}", "--amount", "10000"))
    assert office.run(*office.approve(reference))["state"] == "released"
    assert client.get(f"/v1/accounts/{account.account_no}").json()["arrears_fen"] == 2_374
    assert office.hub.check().suspense_fen == 0


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_passphrases_are_asked_for(books: Any, monkeypatch: Any, capsys: Any) -> None:
    answers = iter(["a long passphrase", "another passphrase", "a long passphrase", "a long passphrase"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    command = ["person", "add", "li", "--database", books.url]
    assert main(command) == 2
    assert "differ" in capsys.readouterr().err
    assert main(command) == 0
    assert main(["person", "list", "--database", books.url]) == 0
    assert capsys.readouterr().out.endswith("li\n")


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_lines_for_people(office: Any, capsys: Any) -> None:
    reference = office.claim(100, 50)
    office.run(*office.propose(reference, "refund", "--amount", "50"))
    database = ["--database", office.hub.url]
    assert main(["claims", "list", *database]) == 0
    assert main(["claims", "show", reference, *database]) == 0
    assert main(["terminal", "heads", *database]) == 0
    out = capsys.readouterr().out
    assert f"{reference}  proposed  100 fen, 50 fen as a memo  late_note  kiosk-1" in out
    assert "payment -, account -, id " in out
    assert "refund, 50 fen counted, by li: not decided\n    n\n" in out
    assert "no heartbeats" in out


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_the_booked_payment_is_shown_beside_the_claim_that_gave_way_to_it(office: Any, capsys: Any) -> None:
    account, client = office.hub.account((12374,), 35), office.hub.client()
    payments = {
        name: client.put(f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 5000)).json()
        for name in ("closed", "lessened", "beside")
    }
    references = {
        "closed": office.claim(5000, payment_id=payments["closed"]["id"], reason="unanswered"),
        "lessened": office.claim(7000, payment_id=payments["lessened"]["id"], reason="unanswered"),
        "beside": office.claim(1000, payment_id=payments["beside"]["id"], reason="late_note"),
        "unbooked": office.claim(1000, payment_id=new_id(), reason="unanswered"),
    }
    for name, reference in references.items():
        [claim] = office.run("claims", "show", reference)
        assert claim["booked"] == (payments[name] if name in {"closed", "lessened"} else None), name
    assert office.run("claims", "show", references["lessened"])[0]["amount_fen"] == 2000
    assert main(["claims", "show", references["closed"], "--database", office.hub.url]) == 0
    told = payments["closed"]
    assert (
        f"the payment is booked: 5000 fen to account {account.account_no}, number {told['hub_no']},"
        f" on {told['business_date']}; they are in no suspense" in capsys.readouterr().out
    )


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_reference_is_found_however_it_is_typed(office: Any) -> None:
    office.claim(100, reference="0198-F2C4-A1B3")
    for typed in ("0198-F2C4-A1B3", "0198f2c4a1b3", "0198 f2c4 a1b3"):
        assert office.run("claims", "show", typed)[0]["reference"] == "0198-F2C4-A1B3"
    assert "no claim 0198F2C4A1B4" in office.refused("claims", "show", "0198F2C4A1B4")


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_proposal_without_a_reason_is_refused(office: Any, capsys: Any) -> None:
    reference = office.claim(100)
    command = ("claims", "propose", reference, "--to", "refund", "--by", "li", *office.proof("li"))
    with pytest.raises(SystemExit):
        main([*command, "--note", " ", "--database", office.hub.url])
    assert "--note: say why" in capsys.readouterr().err


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_the_heads_for_people_tell_what_is_open_and_which_alarm_is_over(office: Any, capsys: Any) -> None:
    client, path = office.hub.client(), f"/v1/heartbeats/{new_id()}"
    item = {"id": new_id(), "kind": "payment", "state": "sending", "account_no": None, "amount_fen": 10_000}
    item |= {"memo_fen": 500, "opened_at": "2026-01-01T04:00:00Z", "reference": "0198-F2C4-A1B3"}
    beat = {"journal_id": "a" * 32, "seq": 5, "head": "5" * 64, "known": None, "open": [item]}
    beat |= {"backlog": {"count": 1, "oldest_at": None}, "version": "1"}
    client.put(path, beat)
    client.put(path, beat | {"journal_id": "b" * 32})

    def told() -> str:
        assert main(["terminal", "heads", "--database", office.hub.url]) == 0
        out: str = capsys.readouterr().out
        return out

    assert f"journal {'a' * 32} head 5:{'5' * 64}, " in told()
    assert "  0198-F2C4-A1B3  payment sending  10000 fen, 500 fen as a memo\n" in told()
    assert told().endswith(" UTC\n")
    known = {"seq": 5, "head": "5" * 64}
    client.put(path, beat | {"seq": 6, "head": "6" * 64, "known": known})
    assert told().endswith(" UTC, over\n")
