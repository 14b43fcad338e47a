"""Where keeps come from."""

from keepframe.archive.row import Row
from keepframe.measure.places import Places


def row(box, outcome="kept"):
    """A row with this box."""
    return Row(camera="a", stream=0, seq=0, outcome=outcome, notes={"box": box} if box else {}, time_ns=0)


def test_the_place_where_most_boxes_are_is_named_with_its_region():
    """In shares of the picture, which is as large as the boxes of all rows together reach."""
    corners = [row("0,0,8,8"), row("88,48,8,8")]
    kept = [row("70,2,8,8"), row("74,4,8,8"), row("72,2,8,8"), row("10,40,8,8")]
    place = Places([*corners, *kept]).hottest(kept)

    assert (place.share, place.where) == (0.75, "upper right")
    assert place.region == "0.73,0.036 0.85,0.21"


def test_rows_without_boxes_have_no_place():
    """Nor do boxes that are none."""
    rows = [row(""), row("1,2,3"), row("a,b,c,d")]

    assert Places(rows).hottest(rows) is None


def test_boxes_on_every_edge_lie_in_some_cell():
    """Also the last column and row."""
    rows = [row("0,0,4,4"), row("12,12,4,4")]

    assert Places(rows).hottest(rows[1:]).where == "lower right"
