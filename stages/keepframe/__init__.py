"""keepframe keeps the pictures that show a change and lets the others go."""

import os

# Read once by OpenCV while it is imported, so it stands here: a PNG of 249 KB can ask for 1.5 GB. As picture.encoded.MAX_PIXELS.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")

__version__ = "0.1.0"
