"""What sirens are to do: by the incidents, by the hours, and who stands in for whom."""

from msgspec.structs import replace

from tests.alarm.scene import Scene
from tocsin.alarm.hours import CLOSED, SirenHours, change_hours
from tocsin.alarm.incident import acknowledge_incident, clear_incident, silence_incident
from tocsin.alarm.siren import OFF, Abilities, Pattern
from tocsin.alarm.siren_plan import Situation, Standing, Wish, read_situation, share_out, wish_of
from tocsin.alarm.siren_row import add_siren
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database

BOTH = Abilities(light=True, sound=True, separable=True, confirms=True, timed=True)
JOINED = Abilities(light=True, sound=True, separable=False, confirms=True, timed=True)
LOUD, LIGHT = Pattern(light=True, sound=True), Pattern(light=True, sound=False)


def scene_of(db: Database) -> Scene:
    scene = Scene(db)
    scene.act(add_siren, name="Yard", driver="memory", options={})
    return scene


def look(scene: Scene, *, after_seconds: float = 0) -> Situation:
    seen: Situation = scene.read(read_situation)
    return replace(seen, now_us=seen.now_us + int(after_seconds * SECOND_US))


def wish(scene: Scene, *, after_seconds: float = 0, spent_seconds: float = 0) -> Wish:
    return wish_of(look(scene, after_seconds=after_seconds), spent_us=int(spent_seconds * SECOND_US))


def test_an_open_shop_hears_what_the_incidents_ask_for(db: Database) -> None:
    scene = scene_of(db)
    assert wish(scene) == Wish()
    scene.fail()
    assert (wish(scene).light, wish(scene).sound) == (True, False)
    scene.fail(times=2)
    for now in (wish(scene), wish(scene, after_seconds=170)):
        wanted = scene.wanted()
        assert (now.light, now.sound, now.incident_id) == (wanted.light, wanted.sound, wanted.incident_id)
        assert now.next_us == wanted.sound_until_us
    assert not wish(scene, after_seconds=181).sound and wish(scene, after_seconds=181).light
    assert look(scene).seconds == 185, "the device's timer is a little longer than the desk's"
    incident = scene.incident().id
    scene.act(silence_incident, incident_id=incident)
    assert (wish(scene).light, wish(scene).sound) == (True, False)
    scene.act(clear_incident, incident_id=incident)
    assert wish(scene) == Wish()


def test_nothing_is_read_where_there_are_no_sirens(db: Database) -> None:
    scene = Scene(db)
    scene.fail(times=3)
    assert look(scene).open == []


def test_a_closed_shop_calls_people_first_and_rations_noise(db: Database) -> None:
    scene = scene_of(db)
    hours = SirenHours(open=(CLOSED,) * 7, closed_delay_seconds=60, closed_budget_seconds=100)
    scene.act(change_hours, chosen=hours, revision=0)
    scene.fail(times=3)
    assert (wish(scene).light, wish(scene).sound) == (True, False), "the light is on at once"
    assert not wish(scene, after_seconds=59).sound
    late = wish(scene, after_seconds=61, spent_seconds=-900)
    assert late.sound and late.next_us == scene.incident().sound_until_us + 60 * SECOND_US
    assert wish(scene, after_seconds=230).sound, "it begins later and ends later"
    assert not wish(scene, after_seconds=241).sound
    assert not wish(scene, after_seconds=61, spent_seconds=100).sound, "the night's budget is spent"
    seen = look(scene, after_seconds=61)
    assert wish_of(seen, spent_us=95 * SECOND_US).next_us == seen.now_us + 5 * SECOND_US
    scene.act(acknowledge_incident, incident_id=scene.incident().id)
    assert not wish(scene, after_seconds=61).sound, "somebody has it: nobody else need wake"
    seen = look(scene, after_seconds=61)
    new = [replace(one, acknowledged_at_us=(one.sounded_at_us or 0) - 1) for one in seen.open]
    assert wish_of(replace(seen, open=new), spent_us=0).sound, "but what is new since then is heard"
    drill = [replace(one, kind="drill", acknowledged_at_us=None) for one in seen.open]
    assert wish_of(replace(look(scene), open=drill), spent_us=0).sound, "who drills wants to hear it"


def stand(siren_id: int, *, backup: bool = False, can: Abilities = BOTH, failing: bool = False) -> Standing:
    return Standing(siren_id, backup, can, failing)


def told(*standings: Standing, wanted: Pattern = LOUD) -> dict[int, tuple[Pattern, int]]:
    return {each: (share.pattern, share.instead_of) for each, share in share_out(standings, wanted).items()}


def test_backups_stay_still_while_the_others_do() -> None:
    assert told(stand(1), stand(2), stand(8, backup=True)) == {1: (LOUD, 0), 2: (LOUD, 0), 8: (OFF, 0)}
    assert told(stand(1, failing=True), stand(8, backup=True), wanted=OFF)[8] == (OFF, 0)


def test_each_that_fails_has_one_in_its_place_by_rank() -> None:
    found = told(
        stand(1, failing=True), stand(2, failing=True), stand(3), *(stand(n, backup=True) for n in (7, 8, 9))
    )
    assert found == {
        1: (LOUD, 0), 2: (LOUD, 0), 3: (LOUD, 0), 7: (LOUD, 1), 8: (LOUD, 2), 9: (OFF, 0)
    }  # fmt: skip


def test_a_backup_that_fails_is_asked_on_and_the_next_comes_too() -> None:
    found = told(
        stand(1, failing=True),
        stand(7, backup=True, failing=True),
        stand(8, backup=True),
        stand(9, backup=True),
    )
    assert found == {1: (LOUD, 0), 7: (LOUD, 1), 8: (LOUD, 1), 9: (OFF, 0)}


def test_who_can_not_show_a_light_alone_is_no_backup_for_it() -> None:
    found = told(
        stand(1, failing=True), stand(7, backup=True, can=JOINED), stand(8, backup=True), wanted=LIGHT
    )
    assert found == {1: (LIGHT, 0), 7: (OFF, 0), 8: (LIGHT, 1)}
    assert told(stand(1, can=JOINED, failing=True), stand(8, backup=True), wanted=LIGHT)[8] == (OFF, 0)
