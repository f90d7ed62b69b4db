pytest_plugins = ["tests.real.kafka"]
