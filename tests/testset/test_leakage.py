"""Tests of the lists of images and of their comparison."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.errors import TestSetError
from validation.testset.cases import Case
from validation.testset.fingerprints import Fingerprint
from validation.testset.leakage import compare_images, hamming_matches
from validation.testset.leakage_record import Comparison
from validation.testset.training import (
    ListedImage,
    listed_images,
    parse_listed_images,
    parse_subjects,
)


def digits(number: int) -> str:
    return f"{number:064x}"


def hashed(seed: int) -> str:
    return np.random.default_rng(seed).bytes(32).hex()


def near(text: str, bits: int) -> str:
    return f"{int(text, 16) ^ ((1 << bits) - 1):064x}"


def image(number: int, file: str, *, like: str | None = None, **changes: object) -> ListedImage:
    own = Fingerprint(digits(1000 + number), like or hashed(number))
    return ListedImage(digits(number), file, own)._replace(**changes)


def compared(
    tested: Sequence[ListedImage],
    training: Sequence[ListedImage] = (),
    subjects: Sequence[str | None] = (),
    *,
    by_subject: bool = True,
) -> Comparison:
    cases = [
        Case(case_id=f"C{number}", image=one.file or "", reference=None, attributes={},
             subject_id=subjects[number] if subjects else None)
        for number, one in enumerate(tested)
    ]  # fmt: skip
    by_file = {one.file or "": one for one in tested}
    return compare_images(cases, by_file, training, by_subject=by_subject)


TESTED = [image(1, "a.png"), image(2, "b.png"), image(3, "c.png")]


# comparison


def test_nothing_is_found_where_nothing_is_shared() -> None:
    found = compared(TESTED, [image(8, "x.png"), image(9, "y.png", subject_id="P9")], ["P1"] * 3)
    assert not found.counts.any_leak
    assert found.counts.within_test_set == 0
    assert (found.like_training, found.shared_subjects, found.uncompared) == ((), (), ())


def test_the_strongest_kind_counts_and_each_training_image_once() -> None:
    copy = image(8, "pixels.png", fingerprint=TESTED[0].fingerprint)
    close = image(9, "near.png", like=near(hashed(1), 12))
    found = compared(TESTED, [close, copy, TESTED[0]._replace(file="same.png")])
    (case,) = found.like_training
    assert (case.case_id, case.kind, case.match_count) == ("C0", "identical_file", 3)
    assert [(one.kind, one.name, one.distance) for one in case.matches] == [
        ("identical_file", "same.png", None),
        ("identical_pixels", "pixels.png", None),
        ("near_duplicate", "near.png", 12),
    ]
    assert found.counts.identical_file == found.counts.images == 1


@pytest.mark.parametrize(("bits", "count"), [(40, 1), (41, 0)])
def test_the_threshold_itself_still_is_a_near_duplicate(bits: int, count: int) -> None:
    found = compared(TESTED, [image(9, "near.png", like=near(hashed(2), bits))])
    assert found.counts.near_duplicate == count


def test_ten_matches_are_listed_and_all_are_counted() -> None:
    training = [image(50 + number, f"{number:02d}.png", like=hashed(1)) for number in range(30)]
    (case,) = compared(TESTED, training).like_training
    assert (case.match_count, len(case.matches)) == (30, 10)


@pytest.mark.parametrize("subject", ["P1", "p1", " P1", "Ｐ1"])
def test_a_subject_on_both_sides_is_found(subject: str) -> None:
    training = [image(8, "x.png", subject_id=subject), image(9, "y.png", subject_id=subject)]
    found = compared(TESTED, training, ["P1", "P1", "P2"])
    (shared,) = found.shared_subjects
    assert (shared.subject_id, shared.case_ids, shared.training_count) == ("P1", ("C0", "C1"), 2)
    assert (found.counts.shared_subject, found.counts.shared_subject_cases) == (1, 2)
    assert found.counts.any_leak


def test_subjects_that_are_not_known_are_not_shared() -> None:
    found = compared(TESTED, [image(9, "y.png")], [None] * 3)
    assert found.shared_subjects == ()
    assert found.coverage.cases_with_subject == found.coverage.training_with_subject == 0


def test_copies_within_the_test_set_are_found_where_they_count_as_independent() -> None:
    tested = [*TESTED, image(4, "d.png", like=near(hashed(1), 5))]
    of_one = compared(tested, subjects=["P1", "P2", "P3", "P1"])
    of_two = compared(tested, subjects=["P1", "P2", "P3", "P4"])
    by_case = compared(tested, subjects=["P1", "P2", "P3", "P1"], by_subject=False)
    assert of_one.within_test_set == ()
    for found in (of_two, by_case):
        (pair,) = found.within_test_set
        assert (pair.case_id, pair.matches[0].name, pair.matches[0].distance) == ("C0", "C3", 5)


def test_flat_images_are_not_near_duplicates_of_one_another() -> None:
    flat = [
        ListedImage(digits(70 + number), f"{number}.png", Fingerprint(digits(90 + number), None))
        for number in range(3)
    ]
    found = compared([*TESTED, flat[0]], flat[1:])
    assert not found.counts.any_leak
    assert [(one.side, one.name) for one in found.uncompared] == [
        ("test_set", "C3"), ("training", "1.png"), ("training", "2.png"),
    ]  # fmt: skip


def test_a_list_of_digests_alone_is_counted_as_such() -> None:
    found = compared(TESTED, [ListedImage(digits(2)), ListedImage(digits(7))])
    assert found.counts.identical_file == 1
    assert found.like_training[0].matches[0].name == f"sha256 {digits(2)[:16]}…"
    assert (found.coverage.training_images, found.coverage.training_with_hash) == (2, 0)
    assert found.uncompared == ()


@given(st.integers(0, 20_000))
def test_the_blocks_of_the_search_give_what_one_by_one_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tested = rng.integers(0, 256, (3, 32)).astype(np.uint8)
    others = np.concatenate([tested[[2, 0]], rng.integers(0, 256, (40, 32)).astype(np.uint8)])
    found = hamming_matches(tested, others)
    assert [[at for at, _, _ in one] for one in found] == [[1], [], [0]]


def test_hashes_beyond_the_first_block_are_found() -> None:
    others = np.random.default_rng(0).integers(0, 256, (8200, 32)).astype(np.uint8)
    assert hamming_matches(others[8195:8196], others) == [[(8195, 0, 0)]]


# lists


_TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).map(
    str.strip
)


@given(
    st.lists(
        st.builds(
            ListedImage,
            st.integers(0, 2**200).map(digits),
            _TEXTS.filter(bool),
            st.none() | st.builds(Fingerprint, st.just(digits(5)), st.none() | st.just(digits(6))),
            _TEXTS.map(lambda text: text or None),
            st.just(""),
        ),
        min_size=1,
        unique_by=lambda one: one.file,
    )
)
def test_a_list_that_was_written_is_read_back(images: list[ListedImage]) -> None:
    content = listed_images(images)
    assert set(parse_listed_images(content, "list.csv")) == set(images)
    assert listed_images(parse_listed_images(content, "list.csv")) == content
    assert listed_images(reversed(images)) == content


def test_lines_of_sha256sum_are_read() -> None:
    content = f"{digits(1)}  ./x/a b.png\n{digits(2).upper()} *c.png\r\n\n".encode()
    assert parse_listed_images(content, "SHA256SUMS") == (
        ListedImage(digits(1), "x/a b.png"),
        ListedImage(digits(2), "c.png"),
    )


def test_a_digest_may_name_its_algorithm() -> None:
    content = f"sha256\nsha256:{digits(1)}\n".encode()
    assert parse_listed_images(content, "list.csv") == (ListedImage(digits(1)),)


_SHA = digits(1)
BAD = {
    "empty": (b"", "the column sha256 is missing"),
    "header alone": (b"sha256,file\n", "lists no image"),
    "not UTF-8": (b"sha256\n\xff\n", "not UTF-8"),
    "misspelt column": (f"sha256,subject\n{_SHA},P1\n".encode(), "'subject' is not known"),
    "column twice": (f"sha256,sha256\n{_SHA},{_SHA}\n".encode(), "'sha256' stands twice"),
    "short digest": (b"sha256\nabc\n", "list.csv:2"),
    "digest of another kind": (b"sha256\n" + b"g" * 64 + b"\n", "not 64 hexadecimal digits"),
    "cells missing": (f"sha256,file\n{_SHA}\n".encode(), "the row has 1 cells"),
    "file twice": (f"sha256,file\n{_SHA},a\n{_SHA},a\n".encode(), "stands on line 2 already"),
    "row twice": (f"sha256\n{_SHA}\n{_SHA}\n".encode(), "stands on line 2 already"),
    "other hash": (
        f"sha256,pixel_sha256,perceptual_hash\n{_SHA},{_SHA},phash:{_SHA}\n".encode(),
        "perceptual_hash is not dct256",
    ),
    "hash without pixels": (
        f"sha256,perceptual_hash\n{_SHA},dct256:{_SHA}\n".encode(),
        "no pixel_sha256",
    ),
    "control character": (f"sha256,file\n{_SHA},a\x1b[31m\n".encode(), "control character"),
    "huge cell": (f"sha256,file\n{_SHA},{'a' * 5000}\n".encode(), "more than 1000"),
    "open quote": (f'sha256,file\n{_SHA},"a\n'.encode(), "is not CSV from here on"),
    "sums with another line": (f"{_SHA}  a\nnonsense\n".encode(), "is not a line of sha256sum"),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_list_that_cannot_be_used_is_refused(content: tuple[bytes, str]) -> None:
    with pytest.raises(TestSetError) as caught:
        parse_listed_images(content[0], "list.csv")
    assert content[1] in str(caught.value)


def test_every_problem_of_a_list_is_told_at_once() -> None:
    content = f"sha256,file\nabc,a\n{_SHA},b\n{_SHA},b\n".encode()
    with pytest.raises(TestSetError) as caught:
        parse_listed_images(content, "list.csv")
    assert [one.where for one in caught.value.problems] == ["list.csv:2", "list.csv:4"]


def test_subjects_by_file() -> None:
    content = b"file,subject_id,age\na.png,P1,7\nb.png,,8\n"
    assert parse_subjects(content, "subjects.csv") == {"a.png": "P1", "b.png": None}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"file\na\n", "the column subject_id is missing"),
        (b"file,subject_id\na,P1\na,P2\n", "a stands twice"),
        (b"file,subject_id\na\n", "another number of cells"),
        (b"file,subject_id\n,P1\n", "file is empty"),
        (b"\xff", "not CSV in UTF-8"),
    ],
)
def test_subjects_that_cannot_be_used_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(TestSetError, match="subjects") as caught:
        parse_subjects(content, "subjects.csv")
    assert said in str(caught.value)
