"""`python -m keepframe` is `keepframe`."""

from keepframe.cli import main

main()
