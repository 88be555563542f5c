"""Records by number while a very large batch is not yet entered among all others."""

from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.messages import Batch, Recipient, Record, Status
from fake_every8d.gateway.number_index import NumberIndex
from fake_every8d.gateway.numbers import parse
from fake_every8d.gateway.store import Store


def batch(first_id: int, *mobiles: str, user_id: str = "demo") -> Batch:
    made = Batch(f"batch {first_id}", user_id, "", 0)
    made.first_id = first_id
    made.records = tuple(
        Record(made, Recipient(mobile, "hello"), place, parse(mobile), Status.SENT)
        for place, mobile in enumerate(mobiles)
    )
    return made


def numbers(count: int, first: int = 0) -> list[str]:
    return [f"+8869{number:08}" for number in range(first, first + count)]


def found(store: Store, number: str, user_id: str | None = None) -> list[int]:
    return [record.id for record in store.records(to=number, user_id=user_id)]


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


def test_each_account_finds_its_own_whatever_is_put_off_of_another() -> None:
    store = Store(3002, Changes())
    both = "+886900000007"
    for first_id, user_id in ((1, "shop"), (1501, "demo"), (3001, "demo")):
        large = batch(first_id, *numbers(1500), user_id=user_id)
        store.add(large, NumberIndex(large.records))
        store.close_if_done(large)
    store.add(batch(4501, both, "+886911111111", user_id="shop"))
    assert store.forget_oldest() == [range(1, 1501)]
    for _ in range(6):
        assert found(store, both) == [1508, 3008, 4501]
        assert found(store, both, "demo") == [1508, 3008]
        assert found(store, both, "shop") == [4501]
        assert found(store, both, "nobody") == []
        store.catch_up()
    assert not store.behind
    assert [store.phones(user_id) for user_id in (None, "demo", "shop")] == [1501, 1500, 2]
    assert [store.messages(user_id) for user_id in (None, "demo", "shop")] == [3002, 3000, 2]
    store.forget_all_of("shop")
    assert found(store, both) == [1508, 3008]
    store.catch_up()
    assert [store.phones(user_id) for user_id in (None, "demo", "shop")] == [1500, 1500, 0]


def test_a_lone_record_costs_no_list() -> None:
    first, second = batch(1, *numbers(3)), batch(4, "+886900000000")
    index = NumberIndex([*first.records, *second.records])
    assert [record.id for record in index.of("+886900000000")] == [1, 4]
    assert isinstance(index.of("+886900000001"), tuple)


def test_a_few_more_go_than_have_to_but_no_large_batch() -> None:
    store = Store(2000, Changes())

    def keep(*made: Batch) -> None:
        for each in made:
            store.add(each)
            store.close_if_done(each)

    keep(batch(1, *numbers(1)), batch(2, *numbers(1)), batch(3, *numbers(1500)))
    keep(*[batch(first_id, *numbers(1)) for first_id in range(1503, 2002)])
    assert store.forget_oldest() == [range(1, 2), range(2, 3)]
    store.catch_up()
    assert found(store, "+886900000000") == [3, *range(1503, 2002)]
    keep(batch(2002, *numbers(2)))
    assert store.forget_oldest() == [range(3, 1503)]
    assert len(store) == 501


def test_what_is_forgotten_goes_wherever_it_stands() -> None:
    batches = [batch(first_id, "+886900000000") for first_id in range(1, 6)]
    batches.append(batch(6, "+886900000001"))
    index = NumberIndex([record for each in batches for record in each.records])
    for gone, left in ((batches[:2], [3, 4, 5]), (batches[3:4], [3, 5]), (batches[4:], [3])):
        records = [record for each in gone for record in each.records]
        for each in gone:
            each.free()
        index.forget(records)
        assert [record.id for record in index.of("+886900000000")] == left
    assert index.numbers == {"+886900000000"}
    (last,) = batches[2].records
    batches[2].free()
    index.forget([last])
    assert not index.numbers
