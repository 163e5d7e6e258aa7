"""How the benchmarks judge what they measured. What they measure is not tested: a test asserts no time."""

from __future__ import annotations

import pytest

from benchmarks.table import Row, added, as_text, dumped, loaded, ratios, short, verdicts


def verdict(*runs, sign="≤", limit=1.0, is_count=False):
    rows = [[Row("A1", "nobody asks", sign, limit, figures, is_count=is_count)] for figures in runs]
    (found,) = verdicts(rows)
    return found


@pytest.mark.parametrize(
    ("sign", "figure", "is_met"),
    [("≤", 1.01, False), ("≤", 1.0, True), ("≥", 0.99, False), ("≥", 1.0, True), ("=", 2, False), ("=", 1, True)],
)
def test_target_is_met_on_its_own_side_only(sign, figure, is_met):
    assert verdict([figure], sign=sign).is_met is is_met


def test_figure_is_the_median_run():
    assert verdict([9.0, 9.0, 9.0], [0.1, 0.5, 0.9], [0.2, 0.4, 0.6]).figure == 0.5


def test_one_bad_round_of_a_count_misses():
    assert verdict([1, 1, 1], [1, 2, 1], sign="=", is_count=True).is_met is False


def test_quartiles_are_of_all_rounds():
    assert verdict([1.0, 2.0], [3.0, 4.0, 5.0]).quartiles == (2.0, 4.0)


def test_one_round_has_no_quartiles():
    assert verdict([1.0]).quartiles is None


def test_row_that_is_left_out_says_why():
    (found,) = verdicts([[Row("C1", "cached", "≥", 3, left_out="wrk is not installed")]])

    assert found.is_met is None
    assert found.cells() == ("C1", "cached", "≥ 3", "-", "-", "left out: wrk is not installed")


def test_missed_row_is_loud():
    assert verdict([2.0, 2.0]).cells() == ("A1", "nobody asks", "≤ 1", "2", "2 to 2", "MISSED")


def test_rows_stay_in_their_order_and_apart():
    rows = [Row("A2", "b", "≤", 1, [1]), Row("A1", "a", "≤", 1, [1]), Row("A1", "c", "≤", 1, [1])]

    assert [(found.number, found.what) for found in verdicts([rows, rows])] == [("A2", "b"), ("A1", "a"), ("A1", "c")]


def test_ratios_are_taken_round_by_round():
    assert ratios(added([3.0, 30.0], [1.0, 10.0]), [4.0, 40.0]) == [0.5, 0.5]


def test_rounds_that_do_not_match_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_rows_survive_the_way_between_two_processes():
    rows = [Row("E1", "calls", "=", 1, [1, 1], is_count=True), Row("C1", "cached", "≥", 3, left_out="no wrk")]

    assert loaded(dumped(rows)) == rows


def test_table_is_aligned():
    assert as_text(("#", "What"), [("A1", "nobody asks"), ("A2", "")]) == (
        "==  ===========\n#   What\n==  ===========\nA1  nobody asks\nA2\n==  ==========="
    )


@pytest.mark.parametrize(("figure", "text"), [(0, "0"), (0.12345, "0.123"), (12.345, "12.3"), (1234.5, "1234")])
def test_figures_have_three_digits_that_count(figure, text):
    assert short(figure) == text
