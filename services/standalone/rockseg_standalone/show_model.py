"""`rockseg model show`: what a bundle says of itself, after its files were checked."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from rockseg_model.bundle import load_bundle
from rockseg_standalone.terminal import plain

console = plain()


def show_model(folder: Path) -> None:
    """Print the manifest's facts; raises BundleError when the bundle does not hold."""
    bundle = load_bundle(folder)
    manifest = bundle.manifest
    console.print(Text(f"{manifest.name} {manifest.version}", style="bold"), f" sha256 {bundle.ref.digest[:16]}…")
    console.print(f"looks at {manifest.core_width_px} px across a core, in tiles of ", end="")
    console.print(", ".join(f"{height}×{width}" for height, width in manifest.tile_shapes))
    table = Table("index", "colour", "rock type", "group", "code")
    for index, rock in enumerate(manifest.classes):
        red, green, blue = rock.rgb
        table.add_row(
            str(index), Text("      ", style=f"on rgb({red},{green},{blue})"), rock.name, rock.group, rock.code
        )
    console.print(table)
    console.print("All files match the manifest. The model card tells what it can and cannot do:")
    console.print(str(folder / "MODEL_CARD.md"))
