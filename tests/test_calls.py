"""What every API's calls have in common."""

from fake_every8d.calls import Advice


def test_advice_is_given_in_the_order_in_which_its_kinds_came() -> None:
    advice = Advice()
    advice.add("{} is null: qualify {}.", "content", "it")
    advice.add("Plain {braces}.")
    advice.add("{} is null: qualify {}.", "mobile", "that")
    assert [*advice] == [
        "content is null: qualify it.",
        "mobile is null: qualify that.",
        "Plain {braces}.",
    ]


def test_of_a_kind_the_first_three_are_told_and_the_others_counted() -> None:
    advice = Advice()
    for number in range(1234):
        advice.add("{} is null.", str(number))
    advice.extend(["Another."] * 4)
    assert [*advice] == [
        "0 is null.",
        "1 is null.",
        "2 is null.",
        "And 1,231 more like the last.",
        "Another.",
        "Another.",
        "Another.",
        "And 1 more like the last.",
    ]


def test_what_is_told_of_a_request_is_short_however_long_the_request() -> None:
    advice = Advice()
    for number in range(1000):
        advice.add(f"{number}: " + "x" * 100_000)
    advice.add("{} is null, since it is not qualified.", "x" * 100_000)
    assert sum(map(len, advice)) < 15_000
    advice = Advice()
    advice.add("{} is null, since it is not qualified.", "x" * 100_000)
    (sentence,) = advice
    assert sentence == "x" * 99 + "… is null, since it is not qualified."


def test_losses_are_the_advice_because_of_which_something_is_lost() -> None:
    advice = Advice()
    advice.add("Page {} is none.", "x", loses=False)
    advice.extend(["Refused."])
    assert [*advice] == ["Page x is none.", "Refused."]
    assert [*advice.losses] == ["Refused."]
