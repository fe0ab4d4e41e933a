import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import ENDS, Stage, StageChange
from rules.stages import _ACT, PAUSABLE, TABLE, WITH_DEADLINE, WORDS, leads_to, may_pause, refusal

stages = st.sampled_from(list(Stage))
changes = st.sampled_from(list(StageChange))


def reachable_from(start: Stage) -> set[Stage]:
    found, left = {start}, [start]
    while left:
        for stage in TABLE[left.pop()].values():
            if stage not in found:
                found.add(stage)
                left.append(stage)
    return found


def test_every_stage_is_in_the_table_and_reached_from_the_first():
    assert set(TABLE) == set(Stage)
    assert reachable_from(Stage.NOMINATED) == set(Stage)


def test_every_change_is_used_somewhere():
    assert {change for ways in TABLE.values() for change in ways} == set(StageChange)


def test_ends_have_no_exit_but_letting_a_lapsed_nomination_back_in():
    exits = {(stage, change) for stage in ENDS for change in TABLE[stage]}

    assert exits == {(Stage.LAPSED, StageChange.READMIT)}


@pytest.mark.parametrize("stage", sorted(set(Stage) - ENDS))
def test_every_stage_leads_to_an_end(stage):
    assert reachable_from(stage) & ENDS


def test_no_way_to_the_pool_leads_past_a_decision():
    before_the_pool = {origin for origin, ways in TABLE.items() if Stage.IN_POOL in ways.values()}

    assert before_the_pool == {Stage.DECIDED, Stage.RESERVED}
    assert {origin for origin, ways in TABLE.items() if Stage.DECIDED in ways.values()} == {Stage.AWAITING_DECISION}
    assert {origin for origin, ways in TABLE.items() if Stage.RESERVED in ways.values()} == {Stage.DECIDED}


def test_every_stage_that_is_not_over_can_be_withdrawn_from():
    assert {stage for stage in Stage if StageChange.WITHDRAW in TABLE[stage]} == set(Stage) - ENDS


def test_table_cannot_be_changed():
    with pytest.raises(TypeError):
        TABLE[Stage.IN_POOL] = {}


@given(path=st.lists(changes, max_size=40))
def test_no_stage_is_left_by_a_way_that_is_not_in_the_table(path):
    stage = Stage.NOMINATED

    for change in path:
        reached = leads_to(stage, change)

        assert (reached is None) == (refusal(stage, change) is not None)
        assert reached is None or reached is TABLE[stage][change]
        stage = reached or stage


@given(stage=stages, change=changes)
def test_refusal_names_the_act_the_stage_and_where_it_is_possible(stage, change):
    sentence = refusal(stage, change)

    if change in TABLE[stage]:
        assert sentence is None
    else:
        allowed = [WORDS[origin] for origin in Stage if change in TABLE[origin]]
        assert _ACT[change] in sentence
        assert f"the nomination is {WORDS[stage]}." in sentence
        assert sentence.endswith(f"This is possible while it is {' or '.join(allowed)}.")


def test_every_stage_and_every_change_has_its_own_words():
    assert set(WORDS) == set(Stage)
    assert len(set(WORDS.values())) == len(Stage)
    assert set(_ACT) == set(StageChange)


def test_stages_with_a_deadline_of_the_nominee_are_those_that_can_lapse_and_are_not_the_reserve_list():
    lapsing = {stage for stage in Stage if StageChange.LAPSE in TABLE[stage]}

    assert lapsing - {Stage.RESERVED} == WITH_DEADLINE


def test_pausing_is_possible_in_every_stage_before_the_decision_and_in_none_after():
    after_the_decision = reachable_from(Stage.DECIDED) - reachable_from(Stage.AWAITING_DECISION) | {Stage.DECIDED}

    pausable = {stage for stage in Stage if may_pause(stage)}

    assert pausable == PAUSABLE
    assert pausable == set(Stage) - ENDS - after_the_decision - {Stage.IN_POOL, Stage.RESERVED}
