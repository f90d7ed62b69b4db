"""What scenes are made with."""

from collections.abc import Sequence
from dataclasses import dataclass

from rockseg_training.synthetic.box_layouts import Channel
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.scraps import Scrap
from rockseg_training.synthetic.suite import Suite


@dataclass(frozen=True)
class Stage:
    """Who paints, how wide a core is, channels of real boxes and the colours that the rocks share, if there are any."""

    painter: Painter
    core_width_px: float
    core_mm: float
    channels: Sequence[Channel] = ()
    suite: Suite | None = None
    scraps: Sequence[Scrap] = ()

    @property
    def across(self) -> int:
        return max(24, int(self.core_width_px))
