"""What people read: paths and sentences of others are printed as they are, whatever brackets or colons they hold."""

from typing import Final

from rich.console import Console

EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count


def plain(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)
