"""Small HDF5 files for the reader's tests: old and new style groups, chunks, filters, byte orders.

    python corpus/makers/hdf5_files.py OUT     (h5py)
"""
import sys

import h5py
import numpy as np

for version in ("earliest", "latest"):
    with h5py.File(f"{sys.argv[1]}/{version}.h5", "w", libver=version) as f:
        g = f.create_group("a/b")
        g.attrs["text"] = "hällo"
        g.attrs["fixed"] = np.array([b"abc", b"de"])
        g.attrs["texts"] = ["x", "yz"]
        g.attrs["flag"] = True
        g.create_dataset("matrix", data=np.arange(12, dtype="f4").reshape(3, 4))
        g.create_dataset("scalar", data=np.float64(3.5))
        g.create_dataset("big", data=np.arange(5, dtype=">i8"))
        g.create_dataset("half", data=np.arange(3, dtype="f2"))
        g.create_dataset("never", (4,), dtype="i4")
        if version == "earliest":
            x = np.arange(15 * 11, dtype="i4").reshape(15, 11)
            g.create_dataset("chunks", data=x, chunks=(4, 5))
            g.create_dataset("packed", data=x, chunks=(6, 4), compression="gzip", shuffle=True, fletcher32=True)
        for i in range(40):
            f.create_group("many").create_dataset("m0", data=[0]) if i == 0 else f["many"].create_dataset(f"m{i}", data=[i])
            f["many"].attrs[f"a{i}"] = i
