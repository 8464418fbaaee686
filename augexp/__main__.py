"""Run augexp as `python -m augexp`."""

from augexp.cli import main

if __name__ == "__main__":
    main()
