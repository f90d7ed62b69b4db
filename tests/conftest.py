pytest_plugins = ["tests.real.kafka", "tests.real.s3", "tests.real.toxiproxy"]
