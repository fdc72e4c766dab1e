"""Channels: what each service took, and what became of it, at peers that speak as the real ones do."""

from collections.abc import Iterator

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk

from tests.alarm.told import point_robots_at, wecom
from tests.peers.mail_peer import PASSWORD, USER, MailPeer
from tests.peers.robot_peer import DING_SECRET, FEISHU_SECRET, KEY, RobotPeer
from tocsin.alarm.channel import (
    ROBOTS,
    SCHEMAS,
    Address,
    AddressRefused,
    compose_address,
    open_plugin,
    read_address,
    send_over,
)
from tocsin.alarm.outcome import SENT, Outcome
from tocsin.alarm.reach import PlaceForbidden

DING = {"address": "https://oapi.dingtalk.com/robot/send?access_token=abcdef0123", "secret": DING_SECRET}
FEISHU = {"address": "https://open.feishu.cn/open-apis/bot/v2/hook/1b2c-3d", "secret": FEISHU_SECRET}
LARK = {"address": "https://open.larksuite.com/open-apis/bot/v2/hook/1b2c-3d", "secret": FEISHU_SECRET}


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[RobotPeer]:
    made = RobotPeer()
    point_robots_at(made, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def mail() -> Iterator[MailPeer]:
    made = MailPeer()
    yield made
    made.close()


def send(address: Address, title: str = "警报", body: str = "第一行\n第二行") -> Outcome:
    return send_over(address.url, title=title, body=body)


def mailbox(mail: MailPeer, *, to: str = "lin@example.com", password: str = PASSWORD) -> Address:
    made = compose_address("email", address=to, secret=password, server=f"127.0.0.1:{mail.port}", sender=USER)
    return read_address(made.url.replace("mailtos://", "mailto://").replace("mode=starttls", "mode=insecure"))


@pytest.mark.parametrize(
    "address",
    [
        wecom(),
        compose_address("dingtalk", **DING),
        compose_address("feishu", **FEISHU),
        compose_address("lark", **LARK),
    ],
    ids=["wecom", "dingtalk", "feishu", "lark"],
)
def test_each_robot_takes_the_message_with_its_key_and_signature(peer: RobotPeer, address: Address) -> None:
    assert send(address) == SENT
    assert peer.texts() == ["警报\n第一行\n第二行"]


def test_a_refusal_inside_a_200_is_a_failure(peer: RobotPeer) -> None:
    wrong = compose_address("wecom", address=ROBOTS["wecom"].replace("…", "0000-wrong"))
    assert send(wrong) == Outcome("failed", code="robot 93000", permanent=True)
    unsigned = compose_address("dingtalk", address=DING["address"], secret="SECwrong")
    assert send(unsigned) == Outcome("failed", code="robot 310000", permanent=True)
    assert send(compose_address("feishu", address=FEISHU["address"])).code == "robot 19021"
    assert peer.texts() == []


def test_apprise_alone_would_call_those_sent_and_sign_dingtalk_in_vain(peer: RobotPeer) -> None:
    """Why the requests are our own: where this fails, apprise has mended it."""
    plugin = open_plugin(compose_address("dingtalk", **DING).url)
    assert isinstance(plugin, NotifyDingTalk)
    assert plugin.send(body="x", title="t") is True
    assert peer.texts() == []


@pytest.mark.parametrize(
    ("refusal", "problem", "permanent"),
    [
        (("code", 45009), "robot 45009", False),
        (("code", 45033), "robot 45033", False),
        (("code", 40008), "robot 40008", True),
        (("status", 500), "status 500", False),
        (("status", 429), "status 429", False),
        (("status", 404), "status 404", True),
        (("status", 302), "status 302", True),
    ],
)
def test_what_passes_by_itself_is_told_from_what_does_not(
    peer: RobotPeer, refusal: tuple[str, int], problem: str, permanent: bool
) -> None:
    peer.refuse = [refusal]
    assert send(wecom()) == Outcome("failed", code=problem, permanent=permanent)
    assert peer.texts() == [], "a redirect is not followed"


def test_a_service_that_is_down_may_be_up_later(peer: RobotPeer) -> None:
    ntfy = read_address("ntfy://127.0.0.1:1/topic")
    peer.close()
    assert send(wecom()) == Outcome("failed", code="no_connection", permanent=False)
    assert send(ntfy) == Outcome("failed", code="no_connection", permanent=False)


def test_a_page_that_is_no_robot_is_no_success(peer: RobotPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.wecombot import NotifyWeComBot

    monkeypatch.setattr(NotifyWeComBot, "notify_url", peer.origin + "/portal?key={key}")
    assert send(wecom()).code == "no_robot"


def test_a_long_message_is_cut_to_what_wecom_takes(peer: RobotPeer) -> None:
    assert send(wecom(), body="警" * 3000) == SENT
    assert len(peer.texts()[0].encode()) <= 2048


def test_ntfy_takes_it_with_the_highest_priority_and_its_token(peer: RobotPeer) -> None:
    assert send(compose_address("ntfy", address=f"{peer.origin}/tocsin-x", secret="tk_12")) == SENT
    (taken,) = peer.taken
    assert taken["given"] == {"topic": "tocsin-x", "title": "警报", "message": "第一行\n第二行"}
    assert taken["headers"]["X-Priority"] == "max" and taken["headers"]["Authorization"] == "Bearer tk_12"


def test_a_hook_that_calls_by_voice_takes_it_with_its_token_and_fields(peer: RobotPeer) -> None:
    address = compose_address("webhook", address=f"{peer.origin}/call/me?to=7&x=a%20b", secret="abc/+")
    assert send(address) == SENT
    (taken,) = peer.taken
    assert taken["path"] == "/call/me" and taken["query"] == {"to": ["7"], "x": ["a b"]}
    assert taken["headers"]["Authorization"] == "Bearer abc/+" and taken["given"]["title"] == "警报"


@pytest.mark.parametrize(("status", "permanent"), [(503, False), (404, True), (302, True)])
def test_a_hook_that_refuses_is_told_by_its_status(peer: RobotPeer, status: int, permanent: bool) -> None:
    peer.refuse = [("status", status)]
    found = send(compose_address("webhook", address=f"{peer.origin}/hook"))
    assert found == Outcome("failed", code=f"status {status}", permanent=permanent)
    assert peer.taken == []


def test_a_mail_comes_with_its_subject_and_text(mail: MailPeer) -> None:
    assert send(mailbox(mail)) == SENT
    (got,) = mail.mails
    assert (got["subject"], got["to"]) == ("警报", "lin@example.com")
    body = got.get_body(("plain",))
    assert body is not None and body.get_content().replace("\r\n", "\n").strip() == "第一行\n第二行"


def test_a_mail_that_is_refused_says_by_which_answer(mail: MailPeer) -> None:
    assert send(mailbox(mail, password="wrong")) == Outcome("failed", code="mail 535", permanent=True)
    assert send(mailbox(mail, to="nobody@example.com")).code.startswith(("mail 550", "no_connection"))
    mail.busy = True
    found = send(mailbox(mail))
    assert not found.permanent and found.state == "failed"
    assert mail.mails == []


@pytest.mark.parametrize(
    ("service", "address"),
    [
        ("wecom", "https://evil.example/cgi-bin/webhook/send?key=1"), ("wecom", "http://qyapi.weixin.qq.com/?key=1"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send"), ("feishu", "https://open.feishu.cn/"),
        ("email", "lin"), ("email", "lin@example.com"), ("ntfy", "https://user@host/x"), ("webhook", "ftp://x/"),
        ("other", "file:///etc/passwd"), ("other", "syslog://"), ("other", "exec://x"), ("other", "windows://"),
        ("other", "mailto://a:b@127.0.0.1/?pgppub=/etc/passwd&to=a@b.cn"), ("other", "json://127.0.0.1/?retry=9"),
        ("other", "mailto://a:b@127.0.0.1/?%70gp=sign&to=a@b.cn"), ("other", "ntfy://127.0.0.1/x?attach=file:///etc/passwd"),
        ("other", "ntfy://127.0.0.1/x?a=b;attach=/etc/passwd"), ("other", "ntfys://127.0.0.1/x?a=b;%72etry=9;wait=60"),
        ("other", "jsons://127.0.0.1/x?verify=no"),
        ("other", "json://127.0.0.1/?redirect=yes"), ("other", ""), ("other", "x" * 3000), ("other", "json://127.0.0.1/\nx"),
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_person_is_refused(service: str, address: str) -> None:
    with pytest.raises(AddressRefused):
        compose_address(service, address=address)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "0.0.0.0", "[::]", "100.100.100.200", "224.0.0.1",
     "[fd00:ec2::254]", "2852039166", "0xa9fea9fe", "no-such-host.invalid"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_message_goes_to_what_serves_no_person(scheme: str, host: str) -> None:
    with pytest.raises((PlaceForbidden, AddressRefused)):
        compose_address("webhook", address=f"{scheme}://{host}/latest/meta-data")


def test_the_host_is_looked_up_again_at_each_sending(
    monkeypatch: pytest.MonkeyPatch, peer: RobotPeer
) -> None:
    address = compose_address("webhook", address=f"http://localhost:{peer.place.partition(':')[2]}/hook")
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 0))])
    assert send(address) == Outcome("failed", code="forbidden", permanent=True)
    assert peer.taken == []


def test_what_is_shown_holds_no_secret(mail: MailPeer) -> None:
    shown = [
        wecom(), compose_address("dingtalk", **DING), compose_address("feishu", **FEISHU), mailbox(mail),
        compose_address("webhook", address="http://127.0.0.1:8/call/secret-path?k=v", secret="abc"),
        compose_address("ntfy", address="http://127.0.0.1:8/secret-topic", secret="tk_12"),
        read_address("gotify://127.0.0.1/secrettoken1234"),
    ]  # fmt: skip
    assert [one.shown for one in shown] == [
        "…7ee4", "…0123", "…c-3d", "l***@example.com", "127.0.0.1:8", "127.0.0.1:8", "127.0.0.1"
    ]  # fmt: skip
    assert [one.service for one in shown] == [
        "wecom",
        "dingtalk",
        "feishu",
        "email",
        "webhook",
        "ntfy",
        "other",
    ]
    assert not {"file", "syslog", "dbus", "windows", "exec", "xml", "form"} & SCHEMAS
    assert KEY not in "".join(one.shown for one in shown)
