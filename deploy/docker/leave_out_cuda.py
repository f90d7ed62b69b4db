"""Make a PyTorch that was built for CUDA load on a CPU without CUDA's libraries: 5 GB become 0.9.

    leave_out_cuda.py SITE_PACKAGES

PyTorch links cuBLAS, cuDNN, NCCL and others, and calls none of them where the CUDA runtime (which stays: 1 MB) finds no
device. In their place go stand-ins of the same names. Each function in them returns 1, which is an error to all of
these libraries. Tables of symbols that only debuggers read go too. Where PyTorch is a build for CPUs already, only what
extensions are built with is taken away.
"""

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

LIBRARIES: Final = re.compile(r"lib(cu(?!dart)|nccl|nvrtc|nvshmem)")
FUNCTIONS: Final = re.compile(
    r"(cublas|cudnn|cufft|cufile|cupti|curand|cusolver|cusparse|nccl|pnccl|nvrtc|nvshmem)", re.IGNORECASE
)
# Opened only once something runs on a device.
UNUSED: Final = ("lib/libtorch_cuda_linalg.so", "lib/libcaffe2_nvrtc.so")
# What extensions are built with: headers, and a compiler of protocol buffers.
FOR_BUILDING: Final = ("torch/include/*", "torch/bin/protoc*", "nvidia/*/include/*", "nvidia/**/*.a")
LOAD: Final = 1  # the kind of a segment that is mapped
PAGE: Final = 0x1000
ALL: Final = "libstand_in_for_cuda.so"


def main(site_packages: Path) -> None:
    torch = site_packages / "torch"
    for found in [path for pattern in FOR_BUILDING for path in site_packages.glob(pattern)]:
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    if not (torch / "lib/libtorch_cuda.so").exists():
        return
    for name in UNUSED:
        (torch / name).unlink()
    needed, functions = _needs(torch / "lib")
    # The functions are in one library of no known name: a library that is named in a symbol's version must define that
    # version, and one that is not may define the symbol for any.
    source = "".join(f"int {name}(void) {{ return 1; }}\n" for name in sorted(functions))
    _link(torch / "lib" / ALL, source)
    for name in sorted(needed):
        _link(torch / "lib" / name, "", "-Wl,--no-as-needed", f"-L{torch / 'lib'}", f"-l:{ALL}", "-Wl,-rpath,$ORIGIN")
    for name in ("libtorch_cpu.so", "libtorch_cuda.so", "libtorch_python.so"):
        _cut(torch / "lib" / name)


def _needs(folder: Path) -> tuple[set[str], set[str]]:
    """The libraries that are not there, and the functions that are wanted of them."""
    needed, functions = set(), set()
    for path in folder.glob("*.so"):
        with path.open("rb") as file:
            elf = ELFFile(file)
            dynamic, symbols = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynsym")
            assert isinstance(dynamic, DynamicSection)  # noqa: S101  # for the reader and the type checker
            assert isinstance(symbols, SymbolTableSection)  # noqa: S101  # as above
            needed |= {tag.needed for tag in dynamic.iter_tags("DT_NEEDED") if LIBRARIES.match(tag.needed)}
            wanted = (symbol.name for symbol in symbols.iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF")
            functions |= {name for name in wanted if FUNCTIONS.match(name)}
    return needed, functions


def _cut(library: Path) -> None:
    """Take out what lies between the last two segments, where no loader looks: 160 MB of symbols in all.

    `strip` would do it, and is in no package of this index. Fields are those of a 64-bit ELF file's header (phoff at
    32, shoff at 40, phentsize and phnum at 54, shnum and shstrndx at 60) and of its program headers.
    """
    body = bytearray(library.read_bytes())
    (first,) = struct.unpack_from("<Q", body, 32)
    size, count = struct.unpack_from("<HH", body, 54)
    headers = range(first, first + size * count, size)
    kinds = {at: struct.unpack_from("<I", body, at)[0] for at in headers}
    spans = {at: struct.unpack_from("<Q", body, at + 8) + struct.unpack_from("<Q", body, at + 32) for at in headers}
    *others, last = sorted(spans[at] for at, kind in kinds.items() if kind == LOAD)
    gap = last[0] - max(offset + length for offset, length in others)
    cut = gap // PAGE * PAGE
    for at, (offset, _) in spans.items():
        if offset >= last[0]:
            struct.pack_into("<Q", body, at + 8, offset - cut)
    struct.pack_into("<Q", body, 40, 0)
    struct.pack_into("<HH", body, 60, 0, 0)
    library.write_bytes(body[: last[0] - cut] + body[last[0] : sum(last)])


def _link(library: Path, source: str, *more: str) -> None:
    compiler = [sys.executable, "-m", "ziglang", "cc", "-shared", "-nostdlib", "-s", "-O1", "-fno-builtin"]
    names = [f"-Wl,-soname,{library.name}", "-o", str(library)]
    subprocess.run([*compiler, *names, "-x", "c", "-", *more], input=source.encode(), check=True)  # noqa: S603  # ours


if __name__ == "__main__":
    main(Path(sys.argv[1]))
