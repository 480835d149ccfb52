"""A prefix is priced by a sample: of each ending a few, the same each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windfall_cli.appraisal import counted

KEYS = st.lists(
    st.tuples(st.sampled_from(["a.jpg", "b/c.JPG", "d.txt", "e", "f.tar.gz"]), st.integers(0, 99)),
    max_size=60,
)


@given(listing=KEYS, most=st.integers(0, 5))
def test_every_object_is_counted_and_few_are_drawn(
    listing: list[tuple[str, int]], most: int
) -> None:
    named = [(f"{number}-{key}", size) for number, (key, size) in enumerate(listing)]
    found = counted(named, most)
    assert sum(ending.objects for ending in found.values()) == len(named)
    assert sum(ending.size for ending in found.values()) == sum(size for _, size in named)
    for ending in found.values():
        assert len(set(ending.sample)) == min(most, ending.objects)
        assert set(ending.sample) <= {key for key, _ in named}
    again = counted(reversed(named), most)
    assert {suffix: one.sample for suffix, one in again.items()} == {
        suffix: one.sample for suffix, one in found.items()
    }
    assert [one.objects for one in found.values()] == sorted(
        (one.objects for one in found.values()), reverse=True
    )
