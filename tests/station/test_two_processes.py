"""Two processes of a desk that hand a station's papers over: whoever stalls, and whatever is told twice, none comes out twice."""

from typing import Any

import pytest

from tests.station.stall import Stall
from tocsin.core.command import take_commands
from tocsin.tickets import errand as module
from tocsin.tickets.claim import Sending, claim_job
from tocsin.tickets.errand import follow_papers, hand_paper, take_result
from tocsin.tickets.giving import draw_for
from tocsin.tickets.printer import Drawn
from tocsin.tickets.under_way import free_job


class Processes:
    """Two processes of a desk that hand papers over, step by step."""

    def __init__(self, stall: Stall) -> None:
        stall.spools.pop().stop()
        self.stall = stall
        stall.come_by_hand()

    def write(self, verb: Any) -> Any:
        """Run a verb that takes no actor."""
        return self.stall.db.write(self.stall.house.merchant_id, verb)

    def claim(self) -> Sending:
        """Claim the paper that waits."""
        claimed = self.write(lambda tx: claim_job(tx, device=self.stall.printer()))
        assert isinstance(claimed, Sending)
        return claimed

    def hand(self, claimed: Sending) -> None:
        """Hand a claimed paper over."""
        drawn = draw_for(claimed.device, claimed.content)
        assert isinstance(drawn, Drawn)
        self.write(lambda tx: hand_paper(tx, job_id=claimed.job.id, device=claimed.device, drawn=drawn))

    def taken(self) -> list[int]:
        """Return the commands of papers that the station takes now."""
        found = self.write(lambda tx: take_commands(tx, station_id=self.stall.shop.station_id))
        return [one.id for one in found if one.kind == module.SEND]


@pytest.mark.parametrize("earlier_first", [True, False])
def test_a_process_that_stalled_before_it_handed_a_paper_over_makes_no_second_one(
    stall: Stall, earlier_first: bool
) -> None:
    desk = Processes(stall)
    stall.ask_for_one()
    earlier = desk.claim()
    desk.write(lambda tx: follow_papers(tx, since_us=0, stopped=True))  # another took its lease over
    later = desk.claim()
    for one in (earlier, later) if earlier_first else (later, earlier):
        desk.hand(one)
    assert earlier.job.id == later.job.id and len(desk.taken()) == 1


def test_an_answer_about_an_earlier_way_frees_no_paper_that_is_on_another(stall: Stall) -> None:
    desk = Processes(stall)
    job_id = stall.ask_for_one()
    desk.hand(desk.claim())
    stale, (command_id,) = stall.job(job_id), desk.taken()
    told = {"station_id": stall.shop.station_id, "command_id": command_id, "job_id": job_id, "outcome": None}
    assert desk.write(lambda tx: take_result(tx, **told))
    desk.hand(desk.claim())
    assert not desk.write(
        lambda tx: free_job(tx, stale)
    )  # the same answer once more, read before the first committed
    assert stall.job(job_id).state == "sending"
