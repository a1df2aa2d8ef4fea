"""What a cut keeps and what it may take: bytes, lengths, names, and what a failed sync has marked clean."""

from __future__ import annotations

import errno

import pytest

from tests.powercut.disk import Disk, Faults

LOST, KEPT = 0, 1


def found(disk: Disk, seed: int) -> dict[str, bytes]:
    """The files after a cut."""
    return {name: bytes(file.live) for name, file in disk.after_cut(seed).names.items()}


def synced(data: bytes) -> Disk:
    """A disk with one file."""
    return Disk({"a": data})


def test_what_was_not_synced_is_lost_or_kept() -> None:
    disk = synced(b"old")
    disk.write(disk.file("a"), b"new!", 0)
    assert bytes(disk.file("a").live) == b"new!"
    assert found(disk, LOST) == {"a": b"old"}
    assert found(disk, KEPT) == {"a": b"new!"}
    disk.sync(disk.file("a"))
    assert found(disk, LOST) == {"a": b"new!"}


def test_a_write_is_torn_at_block_borders_and_a_later_one_may_arrive_alone() -> None:
    disk = synced(bytes(1024))
    disk.write(disk.file("a"), b"1" * 1024, 0)
    disk.write(disk.file("a"), b"2" * 512, 512)
    seen = {found(disk, seed)["a"] for seed in range(2, 400)}
    halves = {(image[:1], image[512:513]) for image in seen}
    assert all(len(set(image[:512])) == 1 and len(set(image[512:])) == 1 for image in seen)
    assert {(b"\0", b"2"), (b"1", b"\0"), (b"1", b"1"), (b"0", b"0")} - halves == {(b"0", b"0")}


def test_a_length_is_lost_like_bytes() -> None:
    disk = synced(b"12345678")
    disk.resize(disk.file("a"), 2)
    assert found(disk, LOST) == {"a": b"12345678"}
    assert found(disk, KEPT) == {"a": b"12"}


@pytest.mark.parametrize("sync_file", [False, True])
def test_a_name_is_lost_until_its_folder_is_synced(sync_file: bool) -> None:
    disk = Disk()
    disk.write(disk.create("b"), b"x", 0)
    if sync_file:
        disk.sync(disk.file("b"))
    assert found(disk, LOST) == {}
    disk.sync_names()
    assert found(disk, LOST) == {"b": b"x" if sync_file else b""}


def test_a_rename_without_a_sync_of_the_folder_is_lost() -> None:
    disk = Disk({"a": b"old", "a.new": b"new"})
    disk.rename("a.new", "a")
    assert found(disk, LOST) == {"a": b"old", "a.new": b"new"}
    assert found(disk, KEPT) == {"a": b"new"}
    disk.sync_names()
    assert found(disk, LOST) == {"a": b"new"}


def test_names_are_kept_in_order() -> None:
    disk = Disk()
    for name in "abcd":
        disk.create(name)
    seen = {"".join(found(disk, seed)) for seed in range(2, 200)}
    assert seen == {"", "a", "ab", "abc", "abcd"}


def test_an_unlinked_file_comes_back() -> None:
    disk = synced(b"old")
    disk.unlink("a")
    assert found(disk, LOST) == {"a": b"old"}
    assert found(disk, KEPT) == {}


def test_a_failed_sync_marks_its_bytes_clean_and_they_are_never_written() -> None:
    disk = synced(b"....")
    disk.faults = Faults(fail={2: errno.EIO})
    disk.write(disk.file("a"), b"12", 0)
    with pytest.raises(OSError, match="Input/output"):
        disk.sync(disk.file("a"))
    disk.write(disk.file("a"), b"34", 2)
    disk.sync(disk.file("a"))
    assert bytes(disk.file("a").live) == b"1234"
    assert found(disk, LOST) == found(disk, KEPT) == {"a": b"..34"}


def test_a_full_disk_takes_what_needs_no_room() -> None:
    disk = synced(b"1234")
    disk.faults = Faults(full_from=1)
    with pytest.raises(OSError, match="No space"):
        disk.write(disk.file("a"), b"5", 4)
    with pytest.raises(OSError, match="No space"):
        disk.create("b")
    disk.write(disk.file("a"), b"9", 0)
    assert bytes(disk.file("a").live) == b"9234"


def test_a_cut_comes_when_the_operation_is_done_and_nobody_was_told() -> None:
    cuts: list[str] = []
    disk = synced(b"1")
    disk.faults = Faults(cut_at=2, at_cut=lambda: cuts.append("cut"))
    disk.write(disk.file("a"), b"2", 0)
    with pytest.raises(OSError, match="Input/output"):
        disk.sync(disk.file("a"))
    with pytest.raises(OSError, match="Input/output"):
        disk.write(disk.file("a"), b"3", 0)
    assert cuts == ["cut"]
    assert disk.log == ["write a 1@0", "sync a"]
    assert found(disk, LOST) == {"a": b"2"}


def test_a_second_name_is_lost_with_what_came_after_it() -> None:
    disk = Disk()
    disk.sync(disk.create("part"))
    disk.sync_names()
    disk.link("part", "archive")
    disk.unlink("part")
    assert sorted(disk.names) == ["archive"]
    assert sorted(disk.after_cut(0).names) == ["part"]
    disk.sync_names()
    assert sorted(disk.after_cut(0).names) == ["archive"]
    with pytest.raises(FileExistsError):
        disk.link("archive", "archive")
