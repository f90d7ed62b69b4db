"""Importing this, before torch, has torch's threads sleep instead of spin while they wait for each other.

libgomp reads OMP_WAIT_POLICY when it is loaded, with torch, and spins for milliseconds by default. On cores shared with
decoding and PNGs the spinners hold up the very thread that they wait for. Measured on 2 cores under a load of 4, a 3 MP
photo with 2 threads: 2.0 to 3.6 s spinning, 0.21 to 0.33 s sleeping.
"""

import os

# A default, and the one environment variable set here: no function could run early enough, since torch loads on import.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
