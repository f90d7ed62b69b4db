"""Parts that run in memory. They pass the contract suite of the real adapters, so a test on them says something."""

from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.memory_deliveries import MemoryDeliveries
from rockseg_core.testing.memory_log import DeadLetter, MemoryLog
from rockseg_core.testing.memory_store import MemoryStore

__all__ = ["DeadLetter", "FakeClock", "MemoryDeliveries", "MemoryLog", "MemoryStore"]
