"""One process that computes a model which cannot be compiled, for the Slipway server that started it.

Needs nothing but Python's standard library (3.8 or later); NumPy and pandas are used where the model's environment has
them. Messages come on descriptor 3 and go out on 4: four bytes of header length, four of body length (little-endian), a
JSON header, a body with the tensors it names. Standard output is the model's own to print to.
"""
import json
import os
import struct
import sys
import traceback

import sandbox


def read_exactly(stream, count):
    data = stream.read(count)
    if data is None or len(data) < count:
        os._exit(0)  # The server has gone.
    return data


def describe(error):
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    return text[:2000]


class Worker:
    def __init__(self):
        self.incoming = os.fdopen(3, "rb", buffering=1 << 16)
        self.outgoing = os.fdopen(4, "wb", buffering=0)
        self.model = None
        self.plan = None

    def send(self, header, buffers=()):
        encoded = json.dumps(header, separators=(",", ":")).encode()
        body = b"".join(buffers)
        data = memoryview(struct.pack("<II", len(encoded), len(body)) + encoded + body)
        while len(data) > 0:
            data = data[self.outgoing.write(data):]

    def serve(self):
        while True:
            size, body_size = struct.unpack("<II", read_exactly(self.incoming, 8))
            header = json.loads(read_exactly(self.incoming, size))
            body = memoryview(read_exactly(self.incoming, body_size)) if body_size > 0 else memoryview(b"")
            if header["op"] == "open":
                self.open(header)
            else:
                self.run(header, body)

    def open(self, header):
        try:
            held = sandbox.enter(header["sandbox"])
            # Not before: numeric libraries start threads, which what is entered later would not hold for.
            global frames, styles
            import frames
            import styles
            self.plan = header["columns"]
            self.model = styles.load(header["style"], header["path"], header["entry"])
            self.send({"op": "opened", "facts": self.model.facts(), "sandbox": held, "python": sys.version.split()[0], "libraries": styles.versions()})
        except MemoryError:
            self.send({"op": "refused", "message": "MemoryError: the model does not fit into the memory that the process may have"})
        except BaseException as error:  # Whatever the model's code does is told, and ends nothing but this process.
            traceback.print_exc()
            self.send({"op": "refused", "message": describe(error)})

    def run(self, header, body):
        """Rows that the model's own code raises for are told beside those that it answers."""
        rows = frames.read_rows(header, body, self.plan)
        try:
            tensors, refused = self.answers(rows, header.get("outputs"))
            written, buffers = frames.write_tensors(tensors)
            self.send({"op": "done", "id": header["id"], "tensors": written, "refused": refused}, buffers)
        except BaseException as error:
            traceback.print_exc()
            self.send({"op": "failed", "id": header["id"], "message": describe(error)})

    def answers(self, rows, outputs):
        try:
            return frames.conform(self.model.predict(rows), rows.count, outputs), []
        except MemoryError:
            raise
        except Exception as error:
            if rows.count <= 1 or outputs is None:
                raise
            failure = error
        good, refused = [], []
        self.split(rows, 0, rows.count, outputs, good, refused)
        if len(refused) == rows.count:
            raise failure
        print("%d of %d rows: %s" % (len(refused), rows.count, describe(failure)), file=sys.stderr)
        return frames.join(good, rows.count, outputs), refused

    def split(self, rows, start, end, outputs, good, refused):
        """Halves, until only the rows stand alone for which it raises."""
        if end - start > 1:
            middle = (start + end) // 2
            for low, high in ((start, middle), (middle, end)):
                try:
                    good.append((low, high, frames.conform(self.model.predict(rows.part(low, high)), high - low, outputs)))
                except MemoryError:
                    raise
                except Exception:
                    self.split(rows, low, high, outputs, good, refused)
        else:
            refused.append(start)


if __name__ == "__main__":
    Worker().serve()
