"""`python -m composeroll`."""

from composeroll.cli.main import main

raise SystemExit(main())
