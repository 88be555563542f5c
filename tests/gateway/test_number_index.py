"""Records by number while a very large batch is not yet entered among all others."""

from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.messages import Batch, Recipient, Record, Status
from fake_every8d.gateway.number_index import NumberIndex
from fake_every8d.gateway.numbers import parse
from fake_every8d.gateway.store import Store


def batch(first_id: int, *mobiles: str) -> Batch:
    made = Batch(f"batch {first_id}", "demo", "", 0)
    made.first_id = first_id
    made.records = tuple(
        Record(made, Recipient(mobile, "hello"), place, parse(mobile), Status.SENT)
        for place, mobile in enumerate(mobiles)
    )
    return made


def numbers(count: int, first: int = 0) -> list[str]:
    return [f"+8869{number:08}" for number in range(first, first + count)]


def found(store: Store, number: str) -> list[int]:
    return [record.id for record in store.records(to=number)]


def test_they_are_found_before_and_after_in_the_order_of_their_ids() -> None:
    store = Store(10_000, Changes())
    store.add(batch(1, *numbers(1500)))
    large = batch(1501, *numbers(1500), "+886900000001")
    store.add(large, NumberIndex(large.records))
    assert store.behind
    store.add(batch(3002, "+886900000001", "+886900000009"))
    for _ in range(3):
        assert found(store, "+886900000001") == [2, 1502, 3001, 3002]
        assert found(store, "+886900000009") == [10, 1510, 3003]
        assert found(store, "+886900001499") == [1500, 3000]
        store.catch_up()
    assert not store.behind


def test_what_is_forgotten_is_not_found_before_it_is_cleared_away() -> None:
    store = Store(1500, Changes())
    for first_id in (1, 1501):
        large = batch(first_id, *numbers(1500))
        store.add(large, NumberIndex(large.records))
        store.close_if_done(large)
    assert store.forget_oldest() == [range(1, 1501)]
    for _ in range(5):
        assert found(store, "+886900000007") == [1508]
        assert len(store) == 1500
        store.catch_up()
    assert not store.behind


def test_a_lone_record_costs_no_list() -> None:
    index = NumberIndex(batch(1, *numbers(3), "+886900000000").records)
    assert [record.id for record in index.of("+886900000000")] == [1, 4]
    assert isinstance(index.of("+886900000001"), tuple)
    index.remove([*index.of("+886900000000")])
    assert index.of("+886900000000") == ()
    assert index.numbers == {"+886900000001", "+886900000002"}
