"""Run the command line as `python -m keraslab`."""

from keraslab.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
