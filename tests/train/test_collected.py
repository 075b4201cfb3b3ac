"""Recordings of people as the ear gets them: labelled where they made a sound, left out where nobody can be sure."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")

from edgeagent.detect.near_end import CLASSES
from edgeagent.errors import SessionError
from edgeagent.store.takes import CONSENT, Expected, Outcome
from edgeagent.units import HOP, RATE
from tests.train.made_up_sessions import EVERY, KINDS, LASTS, heard, takes, write
from tools.train.acts import Heard
from tools.train.collected import find, pieces, recorded
from tools.train.truth import IGNORED, hop_of


def test_a_label_is_where_the_person_made_a_sound(tmp_path: Path) -> None:
    one = recorded(write(tmp_path / "s", takes(KINDS), "Ada"))
    assert one.person == "Ada"
    kinds = [Heard.FLOOR, Heard.BACKCHANNEL, Heard.NOISE]
    assert [event.heard for event in one.listened.events] == kinds
    for event in one.listened.events:
        span = slice(hop_of(event.start) + 1, hop_of(event.stop) - 1)
        assert (one.listened.heard[span] == event.heard).all()
        assert event.level_db == pytest.approx(-26, abs=1.5)
    assert (one.listened.heard != 0).sum() == pytest.approx(3 * LASTS / HOP, abs=6)
    assert {kind: one.count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 1)


def test_what_is_no_good_teaches_nothing(tmp_path: Path) -> None:
    made = [*takes([Expected.FLOOR]), takes(KINDS, Outcome.QUIET)[1]]
    one = recorded(write(tmp_path / "s", made))
    told = one.truth()
    bad = slice(hop_of(made[1].shown), hop_of(made[1].until))
    assert (told.near[bad] == IGNORED).all()
    assert (told.kind[bad] == IGNORED).all()
    assert (told.near[hop_of(made[0].shown) : hop_of(made[0].until)] != IGNORED).all()
    assert len(one.listened.events) == 1


def test_sound_that_nobody_asked_for_is_left_out_and_silence_that_was_asked_for_is_not(tmp_path: Path) -> None:
    made = takes([Expected.FLOOR, Expected.SILENCE])
    stray = (made[0].until + RATE // 2, made[0].until + RATE // 2 + 4000)
    stirring = (made[1].shown + RATE, made[1].shown + RATE + 4000)
    told = recorded(write(tmp_path / "s", made, extra=(stray, stirring))).truth()
    assert (told.near[hop_of(stray[0]) : hop_of(stray[1])] == IGNORED).all()
    assert (told.near[hop_of(stirring[0]) : hop_of(stirring[1])] == CLASSES.index("nothing")).all()


def test_what_lies_behind_lost_sound_is_labelled_where_it_was_and_the_loss_is_no_silence(tmp_path: Path) -> None:
    made = takes([Expected.FLOOR, Expected.BACKCHANNEL])
    lost = made[0].until, RATE // 2
    one = recorded(write(tmp_path / "s", made, lost=lost))
    assert [event.level_db for event in one.listened.events] == pytest.approx([-26, -26], abs=1.5)
    hops = slice(hop_of(lost[0]) + 3, hop_of(sum(lost)) - 3)
    assert (one.truth().near[hops] == IGNORED).all()


def test_without_consent_nothing_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "all" / "s", takes(KINDS))
    (folder / CONSENT).unlink()
    with pytest.raises(SessionError, match="consent"):
        recorded(folder)
    with pytest.raises(SessionError, match="no collected session"):
        find([tmp_path])


def test_sessions_are_found_below_a_folder_and_once(tmp_path: Path) -> None:
    for name in ("t", "s"):
        write(tmp_path / "all" / name, takes([Expected.FLOOR]))
    assert [one.name for one in find([tmp_path, tmp_path / "all"])] == ["s", "t"]


def test_a_session_is_found_once_by_whatever_name_and_with_its_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it is learnt from, and measured on as another one."""
    monkeypatch.chdir(tmp_path)
    one = write(tmp_path / "all" / "one", takes([Expected.FLOOR]))
    copytree(one, tmp_path / "all" / "one (copy)")
    (tmp_path / "link").symlink_to(one)
    assert find([Path("all"), tmp_path / "all", tmp_path / "link"]) == [Path("all/one")]
    write(tmp_path / "all" / "two", takes([Expected.FLOOR]))
    assert find([Path("all")]) == [Path("all/one"), Path("all/two")]


def test_a_take_that_a_kill_cut_off_is_none(tmp_path: Path) -> None:
    made = takes([Expected.FLOOR, Expected.FLOOR])
    folder = write(tmp_path / "s", made)
    with (folder / "mic.wav").open("r+b") as file:
        file.truncate(56 + 4 * (EVERY + RATE))
    one = recorded(folder)
    assert len(one.takes) == 1
    assert len(one.listened.heard) == (EVERY + RATE) // HOP


def test_pieces_have_one_length_cover_the_session_and_cut_no_take_at_its_beginning() -> None:
    one = heard("s", "p", KINDS * 6)
    whole = one.truth()
    cut = list(pieces(one, 500))
    covered = np.zeros(len(one.listened.heard), np.bool_)
    for listened, told in cut:
        assert len(listened.heard) == len(told.near) == len(told.kind_weight) == 500
        packed = one.listened.packed
        (start,) = (at for at in range(len(covered) - 499) if np.array_equal(packed[at : at + 500], listened.packed))
        covered[start : start + 500] = True
        np.testing.assert_array_equal(told.near, whole.near[start : start + 500])
        for event in listened.events:
            assert listened.heard[hop_of(event.start) + 2] == event.heard
    assert covered.all()
    assert list(pieces(one, len(covered) + 1)) == []
