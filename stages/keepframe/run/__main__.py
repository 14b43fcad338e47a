"""The entry of the process that all others of a run are forked from, see fork_server.py."""

import sys

from keepframe.run.fork_server import main

sys.exit(main(*(argument for argument in sys.argv[1:] if argument.strip())))
