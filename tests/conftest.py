import signal

pytest_plugins = [
    "tests.real.kafka",
    "tests.real.s3",
    "tests.real.toxiproxy",
    "tests.real.kafka_proxied",
    "tests.real.kafka_secured",
]


def pytest_configure() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, and so would all that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
