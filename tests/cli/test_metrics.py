from keepframe.metrics import names


def test_every_metric_is_listed(call, told):
    """A line each for people, everything about it for scripts."""
    lines = call("metrics").stdout.splitlines()
    _, said = told("metrics")

    assert [line.split()[0] for line in lines] == names() == [one["name"] for one in said]
    assert {"name", "summary", "range", "direction", "blind_to", "when", "source"} <= set(said[0])


def test_one_metric_is_told_in_full(call, told):
    """What it takes, what it says, what it does not see."""
    done = call("metrics", "ssim")

    assert done.stdout.startswith("ssim: ")
    assert "blind to" in done.stdout
    assert told("metrics", "ssim")[1]["name"] == "ssim"


def test_a_mistyped_metric_is_met_with_the_nearest(call):
    """As everywhere."""
    done = call("metrics", "ssm")

    assert done.exit_code == 1
    assert 'did you mean "ssim"?' in done.stderr


def test_the_reference_page_is_markdown(call):
    """The page in docs/ is written by this."""
    done = call("metrics", "--markdown")

    assert done.stdout.startswith("# Metrics\n")
    assert "### ssim" in done.stdout


def test_the_page_has_no_other_form(call):
    """A page is neither JSON nor about one metric."""
    assert call("metrics", "--markdown", "--json").exit_code == 2
    assert call("metrics", "ssim", "--markdown").exit_code == 2
