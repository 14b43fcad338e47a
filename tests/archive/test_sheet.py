from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from keepframe.archive import Archive, Row
from keepframe.archive.sheet import _card, write_sheet
from keepframe.archive.verify import verify

FIRST = (0, 1, 77)
VOID = {"meta", "img"}


class Page(HTMLParser):
    """What a browser would make of it: open tags must close in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_each_kept_picture_stands_on_the_sheet_with_its_reason(folder, commit, item):
    """Time, score, threshold, reason and name; the heading says what became of all."""
    commit(
        item(0, reason="first"),
        item(1, "unchanged"),
        item(2, reason="changed", scores={"ssim": 0.1234}, threshold=0.05, media_ns=2 * 10**9, index=2),
    )
    place = write_sheet(folder)
    page = Page(place.read_text("utf-8"))

    assert place == folder / "index.html"
    assert page.open == []
    assert [(folder / unquote(image["src"])).is_file() for image in page.of("img")] == [True, True]
    assert all(image["loading"] == "lazy" and image["width"] == "12" for image in page.of("img"))
    for text in (
        "3 seen, 2 kept, 33 % not stored, biggest change at 0:02",
        "first",
        "changed",
        "0.123",
        "threshold 0.05",
        "lobby/0/2",
    ):
        assert text in page.text


def test_nothing_on_the_sheet_is_code_or_comes_from_elsewhere(folder, archive, item):
    """Names of cameras and files, reasons and scores are text, whatever they say; every link leads into the folder."""
    evil = "<script>alert('1')</script>\"&#x"
    archive.open(evil, FIRST, None)
    archive.commit(
        evil, FIRST, (0, 0), [item(0, camera=evil, reason=evil, source=evil, scores={evil: 1.0})], {}, []
    )
    text = write_sheet(folder).read_text("utf-8")
    page = Page(text)

    assert page.of("script") == []
    assert "://" not in text
    assert "url(" not in text
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert evil in page.text
    assert page.of("span")[0] == {"title": ""}


def test_names_with_spaces_and_signs_lead_to_their_files(folder, item):
    """A link is a link whatever the file is called."""
    with Archive(folder=folder, name="50% of #1 & more/{camera}/{seq}?") as archive:
        archive.open("Tür", FIRST, None)
        archive.commit("Tür", FIRST, (0, 0), [item(0, camera="Tür")], {}, [])
    page = Page(write_sheet(folder).read_text("utf-8"))

    assert (folder / unquote(page.of("a")[0]["href"])).is_file()


def test_a_link_is_quoted_whatever_the_file_is_called():
    """Signs that mean something in an address do not mean it here."""
    row = Row(camera="a", stream=0, seq=0, outcome="kept", time_ns=0, file='50% #1?&"<.jpg')

    assert Page(_card(row)).of("img")[0]["src"] == "50%25%20%231%3F%26%22%3C.jpg"


def test_of_very_many_pictures_the_newest_are_shown(folder, commit, item):
    """And the sheet says how many there are."""
    commit(*[item(seq) for seq in range(7)])
    page = Page(write_sheet(folder, most=3).read_text("utf-8"))

    assert [image["alt"] for image in page.of("img")] == ["lobby/0/4", "lobby/0/5", "lobby/0/6"]
    assert "The newest 3 of 7 pictures" in page.text


def test_cameras_have_a_section_each(folder, archive, commit, item):
    """With their own totals."""
    commit(item(0))
    archive.open("yard", FIRST, None)
    archive.commit("yard", FIRST, (0, 1), [item(0, camera="yard"), item(1, "dropped", camera="yard")], {}, [])
    page = Page(write_sheet(folder).read_text("utf-8"))

    assert len(page.of("section")) == 2
    assert "2 seen, 1 kept, 50 % not stored, 1 dropped" in page.text


def test_an_archive_without_pictures_has_a_sheet_too(folder, archive):
    """It says that there is nothing yet."""
    page = Page(write_sheet(folder).read_text("utf-8"))

    assert "nothing seen" in page.text
    assert "No picture has been kept yet" in page.text


def test_the_sheet_replaces_the_one_before_and_is_no_fault(folder, commit, item):
    """In one step; nothing is left behind, and `verify` has nothing to say about it."""
    (folder / "index.html").write_text("old")
    commit(item(0))
    write_sheet(folder)
    again = write_sheet(folder).read_text("utf-8")

    assert "old" not in again.split("<body>")[1]
    assert verify(folder).is_sound
    assert list(folder.glob(".keepframe*")) == []


def test_a_folder_without_an_archive_gets_no_sheet(tmp_path):
    """One clear error."""
    with pytest.raises(FileNotFoundError, match="expected an archive"):
        write_sheet(tmp_path)

    assert list(tmp_path.iterdir()) == []
