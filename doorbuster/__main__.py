"""``python -m doorbuster``: the command line without its script."""

from .main import main

if __name__ == "__main__":
    main()
