"""The entry of one process, see child.py."""

import sys

from keepframe.run.child import main

sys.exit(main())
