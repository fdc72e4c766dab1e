"""易联云's tokens: it gives twenty a day, so one is kept, renewed once for all who need it, and not asked for in vain."""

import threading

from tests.counter import wait_for
from tests.peers.yilianyun_cloud import YilianyunCloud
from tests.tickets.paper import make_content
from tests.tickets.test_cloud import YILIANYUN
from tocsin.settings import read_networks
from tocsin.tickets.cloud import open_clouds
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.printers import yilianyun


def test_a_token_is_kept_renewed_once_and_not_asked_for_again_and_again() -> None:
    peer = YilianyunCloud()
    open_clouds({"yilianyun": peer.url}, read_networks("127.0.0.0/8"))
    plugin, options = yilianyun.PLUGIN, yilianyun.YilianyunOptions(**YILIANYUN)
    assert all(plugin.probe(options).online for _ in range(3)) and peer.given == 1
    peer.token = "t2"
    assert print_paper(plugin, options, make_content()).result == "taken"
    assert (peer.given, len(peer.papers)) == (2, 1)
    wrong = yilianyun.YilianyunOptions(**{**YILIANYUN, "client_secret": "wrong"})
    assert {plugin.probe(wrong).detail for _ in range(4)} == {"cloud_refused"}
    assert peer.asked.count("/oauth/oauth") == 3  # the cloud gives 20 a day
    peer.token = "t3"
    together = [threading.Thread(target=plugin.probe, args=(options,)) for _ in range(4)]
    peer.free.clear()
    for one in together:
        one.start()
    wait_for(lambda: peer.waiting == len(together))
    peer.free.set()
    for one in together:
        one.join()
    assert peer.given == 3, "who was refused the old one takes the new one"
    peer.broken = True
    assert not any(plugin.probe(options).online for _ in range(9)) and peer.given == 4
    peer.broken = False
    assert plugin.probe(options).online and peer.given == 4
    peer.cancelled |= set(peer.papers)
    ended = plugin.ask_end(options, next(iter(peer.papers)))
    assert ended and (ended.result, ended.reason) == ("failed", "cancelled_there")
    open_clouds({})
    peer.close()
