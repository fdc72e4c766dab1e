"""`python -m tocsin` and the command `tocsin`."""

from tocsin.cli.main import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="tocsin")


if __name__ == "__main__":
    main()
