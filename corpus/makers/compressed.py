"""Compressed data of every variant that the decompressors read, with length and CRC-32 of what is inside, as one JSON file.

    python compressed.py > ../pickle/compressed.json          (needs the `lz4` package)
"""
import base64
import bz2
import gzip
import json
import lzma
import random
import zlib

import lz4.frame as lz4f

rng = random.Random(11)
words = [bytes(rng.choice(b"abcdefghijklmnop \n") for _ in range(rng.randint(2, 9))) for _ in range(60)]
inputs = {
    "empty": b"",
    "one": b"x",
    "text": b" ".join(rng.choice(words) for _ in range(1500)),
    "random": bytes(rng.randrange(256) for _ in range(1500)),
    "zeros": bytes(300_000),
    "runs": b"".join(bytes([rng.randrange(4)]) * rng.choice([1, 2, 3, 4, 5, 6, 255, 256, 259, 260, 1000]) for _ in range(200)),
    "far": b"needle in a haystack" + bytes(70_000) + b"needle in a haystack" + bytes(90_000) + b"needle in a haystack",
}


def stream(wbits, level=9, strategy=zlib.Z_DEFAULT_STRATEGY):
    return lambda d: (c := zlib.compressobj(level, zlib.DEFLATED, wbits, 9, strategy)).compress(d) + c.flush()


def xz(**kw):
    return lambda d: lzma.compress(d, lzma.FORMAT_XZ, **kw)


def filters(**kw):
    return [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16, **kw}]


ways = {
    "zlib": [stream(15), stream(15, 1), stream(15, 0), stream(9), stream(15, 9, zlib.Z_FIXED), stream(15, 9, zlib.Z_HUFFMAN_ONLY), stream(15, 9, zlib.Z_RLE)],
    "gzip": [stream(31), lambda d: gzip.compress(d[:700], mtime=0) + gzip.compress(d[700:], mtime=0), lambda d: named(d)],
    "bzip2": [bz2.compress, lambda d: bz2.compress(d, 1), lambda d: bz2.compress(d[:500]) + bz2.compress(d[500:])],
    "lzma": [
        lambda d: lzma.compress(d, lzma.FORMAT_ALONE), lambda d: lzma.compress(d, lzma.FORMAT_ALONE, preset=9 | lzma.PRESET_EXTREME),
        lambda d: lzma.compress(d, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "lc": 0, "lp": 2, "pb": 0, "dict_size": 1 << 16}]),
        lambda d: lzma.compress(d, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "lc": 4, "lp": 0, "pb": 4, "dict_size": 1 << 16}]),
        lambda d: sized(d),
    ],
    "xz": [
        xz(), xz(preset=0), xz(preset=9), xz(check=lzma.CHECK_NONE), xz(check=lzma.CHECK_CRC32), xz(check=lzma.CHECK_SHA256),
        xz(filters=filters(lc=0, lp=4, pb=4)), xz(filters=filters(lc=4, lp=0, pb=0)), lambda d: lzma.compress(d[:600]) + bytes(8) + lzma.compress(d[600:]),
    ],
    "lz4": [
        lz4f.compress, lambda d: lz4f.compress(d, compression_level=12), lambda d: lz4f.compress(d, block_linked=False, content_checksum=True, block_checksum=True),
        lambda d: lz4f.compress(d, block_size=lz4f.BLOCKSIZE_MAX64KB, block_linked=True, store_size=False, content_checksum=True),
        lambda d: lz4f.compress(d[:600]) + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + lz4f.compress(d[600:]),
    ],
}


def named(d):
    """A gzip header with everything that it may have."""
    header = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03" + b"\x05\0extra" + b"name.pkl\0" + b"comment\0"
    header += (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little")
    return header + stream(-15)(d) + zlib.crc32(d).to_bytes(4, "little") + (len(d) & 0xFFFFFFFF).to_bytes(4, "little")


def sized(d):
    """.lzma with its size in the header; the end marker, which Python always writes, stays behind it."""
    data = lzma.compress(d, lzma.FORMAT_ALONE)
    return data[:5] + len(d).to_bytes(8, "little") + data[13:]


cases = []
for kind, makers in ways.items():
    for name, data in inputs.items():
        for i, make in enumerate(makers):
            packed = make(data)
            if len(packed) > 20_000:
                continue
            cases.append({"kind": kind, "name": f"{name} {i}", "data": base64.b64encode(packed).decode(), "length": len(data), "crc32": zlib.crc32(data)})
print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
