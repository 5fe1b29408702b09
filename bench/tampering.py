"""One number of an integer network's file changed, which verify has to find. Numbers are found in the file
by their bytes: those that `lower --dump-weights` gives."""

import io
import json
import random
import struct
import zipfile
import zlib

from command import quern

HEADER = struct.Struct("<8sIIQ")  # Magic, version, checksum, size.
TRIALS = 50
NUMBERS = {"one weight, shift or bias": ("weight", "shift", "bias"),
           "one multiplier, remainder, threshold or entry of a table":
               ("multiplier", "remainder", "thresholds", "table")}


def rows(name, quantized, pictures, work):
    chance = random.Random(1)
    for what, kinds in NUMBERS.items():
        places = []
        for fold in ("icn", "thresholds"):
            file = work / f"{fold}.quern"
            arrays = work / f"{fold}.npz"
            quern("lower", quantized, "--fold", fold, "-o", file, "--dump-weights", arrays)
            places += [(file, *place) for place in places_of(file, arrays, kinds)]
        found = 0
        for _ in range(TRIALS):
            kind = chance.choice([kind for kind in kinds if any(place[2] == kind for place in places)])
            file, layer, _, position, size = chance.choice([place for place in places if place[2] == kind])
            found += is_found(tampered(file, position, size), layer, quantized, pictures, work)
        yield (f"{name}: {what} changed by hand in the file, icn and thresholds: `verify` names the layer",
               f"{TRIALS} of {TRIALS}", f"{found} of {TRIALS}")


def places_of(file, arrays, kinds):
    """[(layer, kind, position, bytes)] of a number that is unmistakable in the file."""
    data = file.read_bytes()
    known = numbers_of(arrays)
    for name, body in known.items():
        layer, kind = name.rsplit(".", 1)
        if kind == "weight" and kind in kinds and f"{layer}.weight_scale" in known:
            # Packed words, no zeros, the scales.
            scales = data.find(struct.pack("<II", 0, len(known[f"{layer}.weight_scale"]) // 4) +
                               known[f"{layer}.weight_scale"])
            if scales > 0:
                yield layer, kind, scales - 4, 1
        if kind not in kinds or kind == "weight" or len(body) < 8 or data.count(body) != 1:
            continue
        size = 1 if kind in ("shift", "table") else 4
        yield layer, kind, data.find(body) + size * (rising(body) if kind == "thresholds" else 0), size


def rising(body):
    """The first threshold that is above the one before: it may become smaller by 1 and still ascends."""
    values = [value for value, in struct.iter_unpack("<i", body)]
    return next((i for i in range(1, len(values)) if values[i - 1] < values[i]), 0)


def numbers_of(arrays):
    """The bytes of every array of an .npz file."""
    found = {}
    with zipfile.ZipFile(arrays) as archive:
        for name in archive.namelist():
            body = io.BytesIO(archive.read(name))
            body.seek(8)
            body.read(struct.unpack("<H", body.read(2))[0])
            found[name.removesuffix(".npy")] = body.read()
    return found


def tampered(file, position, size):
    """The file with another number there, and the checksum that belongs to it."""
    data = bytearray(file.read_bytes())
    number = int.from_bytes(data[position:position + size], "little")
    data[position:position + size] = ((number - 1) % (1 << 8 * size)).to_bytes(size, "little")
    magic, version, _, length = HEADER.unpack_from(data)
    HEADER.pack_into(data, 0, magic, version, zlib.crc32(data[HEADER.size:]), length)
    return data


def is_found(data, layer, quantized, pictures, work):
    file = work / "tampered.quern"
    file.write_bytes(data)
    output, _ = quern("verify", file, "--quantized", quantized, "--data", pictures, "--limit", 1, "--json",
                      code=5)
    return json.loads(output)["altered"]["layer"] == layer
