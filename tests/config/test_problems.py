from keepframe.config.problems import Problems, nearest, path_of, told


def test_a_problem_says_where():
    """The key path is written as in TOML, places in lists in brackets."""
    problems = Problems()
    problems.add(("stages", "a b", "steps", 0, "use"), "missing")
    problems.add((), "--set 'x': expected key.path=value")

    assert problems.found == ['stages."a b".steps[0].use: missing', "--set 'x': expected key.path=value"]


def test_a_problem_is_told_once():
    """Two cameras that meet the same problem in one stage do not repeat it."""
    problems = Problems()
    problems.add(("stages", "score"), "missing")
    problems.add(("stages", "score"), "missing")

    assert problems.found == ["stages.score: missing"]


def test_a_quoted_key_can_be_pasted():
    """Quotes and backslashes are escaped."""
    assert path_of(('a"b\\',)) == '"a\\"b\\\\"'


def test_a_long_value_is_shortened():
    """A message stays a line."""
    assert told("x" * 100) == "str '" + "x" * 58 + "…"


def test_the_nearest_name_is_found_whatever_its_case():
    """An upper-case key is a typing mistake like any other."""
    assert nearest("THRESHOLD", ["threshold", "metric"]) == "did you mean 'threshold'?"


def test_nothing_known_is_said():
    """A callable without options has no nearest name."""
    assert nearest("x", []) == "none is known"
