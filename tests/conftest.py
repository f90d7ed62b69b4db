pytest_plugins = [
    "tests.real.kafka",
    "tests.real.s3",
    "tests.real.toxiproxy",
    "tests.real.kafka_proxied",
    "tests.real.kafka_secured",
]
