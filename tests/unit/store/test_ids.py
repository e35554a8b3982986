from uuid import UUID

from addon.store.ids import new_id


def test_id_is_a_version_7_uuid() -> None:
    made = UUID(new_id())
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_ids_made_later_sort_later() -> None:
    made = [new_id() for _ in range(2000)]
    # Two within the same 250 ns may be equal up to their random part; that is no order anybody could see.
    assert sorted(id_[:18] for id_ in made) == [id_[:18] for id_ in made]
    assert len(set(made)) == len(made)
