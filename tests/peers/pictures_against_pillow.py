#!/usr/bin/env python3
"""Decoding and preprocessing must equal Pillow and NumPy bit for bit.

usage: pictures_against_pillow.py PICTURE_DUMP

Pictures of every mode and coding are made by Pillow itself; photos are added where the folder
shared/data/imagenet-sample lies beside the source tree.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    from PIL import Image
except ImportError:
    sys.exit(77)

PHOTOS = Path(__file__).resolve().parents[3] / "shared/data/imagenet-sample"
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def noise(mode, size, generator):
    """A picture whose neighbouring pixels are alike, as a photo's are, with some noise."""
    if mode == "I;16":
        return Image.fromarray(generator.integers(0, 65536, size[::-1], dtype=np.uint16))
    width, height = size
    coarse = generator.integers(0, 256, (height // 9 + 2, width // 9 + 2, 4), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse, "RGBA").resize(size), np.int16)
    pixels = (smooth + generator.integers(-9, 10, smooth.shape)).clip(0, 255).astype(np.uint8)
    if mode == "CMYK":
        return Image.frombytes("CMYK", size, pixels.tobytes())
    return Image.fromarray(pixels, "RGBA").convert("RGB" if mode == "P" else mode).convert(mode)


def write_pictures(folder, count):
    """Names of files that together use each mode and coding, sizes at random."""
    generator = np.random.default_rng(0)
    chance = random.Random(0)
    jpeg = [(mode, {"quality": quality, "subsampling": sampling, "progressive": progressive})
            for mode in ("L", "RGB", "CMYK") for quality in (60, 95)
            for sampling in ("4:4:4", "4:2:2", "4:2:0") for progressive in (False, True)]
    png = [(mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
    png += [("P", {"bits": bits}) for bits in (1, 2, 4)]
    tiff = [(mode, {"compression": compression}) for mode in ("1", "L", "P", "RGB")
            for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")]
    forms = jpeg + png + tiff
    names = []
    for i in range(count):
        mode, options = forms[i % len(forms)]
        size = chance.randint(1, 400), chance.randint(1, 400)
        suffix = "jpg" if "quality" in options else "tif" if "compression" in options else "png"
        name = f"{i}.{suffix}"
        picture = noise(mode, size, generator)
        if "bits" in options:
            picture = picture.convert("RGB").quantize(2 ** options["bits"])
        picture.save(folder / name, **options)
        names.append(name)
    return names


def expected(picture, side, crop, bgr):
    """torchvision's Resize (long side rounded), CenterCrop, ToTensor and Normalize."""
    width, height = picture.size
    if side:
        short = min(width, height)
        size = tuple(side if extent == short else round(extent * side / short)
                     for extent in (width, height))
        picture = picture.resize(size, Image.BILINEAR)
    pixels = np.asarray(picture)
    for axis in (0, 1):
        missing = crop - pixels.shape[axis]
        if missing > 0:
            border = [(0, 0)] * 3
            border[axis] = (missing // 2, (missing + 1) // 2)
            pixels = np.pad(pixels, border)
        begin = int(round((pixels.shape[axis] - crop) / 2))
        pixels = pixels.take(range(begin, begin + crop), axis)
    if bgr:
        pixels = pixels[..., ::-1]
    values = (pixels.astype(np.float32) / np.float32(255) - MEAN) / STD
    return values.transpose(2, 0, 1)


def compare(dump, paths, folder, side, crop, bgr):
    """Number of pictures that differ, each named."""
    source = folder / "list.txt"
    source.write_text("".join(f"{path}\n" for path in paths))
    output = subprocess.run([dump, source, str(side), str(crop), str(int(bgr))], check=True,
                            stdout=subprocess.PIPE).stdout
    offset = 0

    def take(dtype, shape):
        nonlocal offset
        values = np.frombuffer(output, dtype, np.prod(shape), offset).reshape(shape)
        offset += values.nbytes
        return values

    differing = 0
    for path in paths:
        picture = Image.open(folder / path).convert("RGB")
        width, height = take(np.int32, 2)
        pixels = take(np.uint8, (height, width, 3))
        floats = take(np.float32, (3, crop, crop))
        if not np.array_equal(pixels, np.asarray(picture)):
            print(f"{path}: decoded pixels differ")
        elif not np.array_equal(floats, expected(picture, side, crop, bgr)):
            print(f"{path} {width}x{height}: differs after resize {side}, crop {crop}")
        else:
            continue
        differing += 1
    return differing


def main(dump):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_pictures(folder, 230)
        photos = sorted((PHOTOS / "images").glob("*"))[:50]
        differing = compare(dump, paths + photos, folder, 256, 224, bgr=False)
        differing += compare(dump, paths, folder, 0, 97, bgr=True)
        differing += compare(dump, paths, folder, 61, 64, bgr=False)
    print(f"{differing} of {3 * len(paths) + len(photos)} results differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
