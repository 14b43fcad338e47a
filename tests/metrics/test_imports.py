import subprocess
import sys

ALLOWED = {"cv2", "keepframe", "numpy"}


def test_importing_the_metrics_loads_numpy_and_opencv_alone():
    """The runtime needs nothing else, and the import stays light."""
    code = (
        "import sys; before = set(sys.modules); import keepframe.metrics;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(name for name in new if name not in sys.stdlib_module_names))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert set(loaded) - {name for name in loaded if name.startswith("_")} <= ALLOWED


def test_every_metric_can_be_computed_without_the_reference_packages():
    """They belong to the tests; the runtime must not reach for one by chance."""
    blocked = ("scipy", "skimage", "sewar", "imagehash", "PIL", "pywt", "ot", "OpenImageIO", "torch")
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        "import numpy as np\n"
        "from keepframe import metrics\n"
        "a = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)\n"
        "print(sum(metrics.metric(name).score(a, a[::-1]) >= 0 for name in metrics.names()) == len(metrics.names()))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "True"
