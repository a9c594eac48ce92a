"""What a model's code may not do, as far as this system lets an ordinary process say so.

Every step is tried, and the server is told which of them hold: no new privileges, no network (a network namespace of its
own; where that is not allowed, as in most containers, a seccomp filter that lets it make no socket but Unix ones), nothing
written but below its own folder (Landlock, Linux 5.13), limits of memory and of core files. What is entered here holds for
the threads that are started afterwards: this comes before any library is imported.
"""
import ctypes
import os
import struct
import sys

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_SET_PDEATHSIG = 1
SIGKILL = 9
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
# Writing, truncating, making and removing of all kinds; reading and running stay free.
WRITE_FILE, REMOVE_DIR, REMOVE_FILE = 1 << 1, 1 << 4, 1 << 5
MAKE = sum(1 << bit for bit in range(6, 13))
REFER, TRUNCATE = 1 << 13, 1 << 14


def enter(wish):
    held = []
    if wish.get("memory"):
        if limit_memory(wish["memory"]):
            held.append("memory")
    limit("RLIMIT_CORE", 0)
    if not sys.platform.startswith("linux"):
        return held
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    unprivileged = libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if not wish.get("network") and (no_network(libc) or (unprivileged and no_sockets(libc))):
        held.append("no network")
    if unprivileged:
        held.append("no new privileges")
        if read_only(libc, wish["folder"]):
            held.append("read-only files")
    return held


def limit(name, value):
    try:
        import resource
        which = getattr(resource, name)
        _, hard = resource.getrlimit(which)
        resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
        return True
    except (ImportError, AttributeError, ValueError, OSError):
        return False


def limit_memory(count):
    return limit("RLIMIT_DATA", count) if sys.platform.startswith("linux") else limit("RLIMIT_AS", count)


def no_network(libc):
    """Root may have a network namespace of its own; others through a user namespace, where the system allows these."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET) == 0:
        return True
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    try:
        with open("/proc/self/setgroups", "w") as file:
            file.write("deny")
        for name, number in (("uid_map", uid), ("gid_map", gid)):
            with open("/proc/self/" + name, "w") as file:
                file.write("%d %d 1" % (number, number))
    except OSError:
        pass
    return True


# Of linux/audit.h; the numbers of socket, ptrace, process_vm_readv and process_vm_writev. io_uring could make sockets too.
MACHINES = {"x86_64": (0xC000003E, 41, (101, 310, 311)), "aarch64": (0xC00000B7, 198, (117, 270, 271))}
IO_URING_SETUP = 425
X32 = 0x40000000
AF_UNIX = 1
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 13  # EACCES
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


def no_sockets(libc):
    """Classic BPF over struct seccomp_data: the call's number at 0, the machine at 4, the first argument at 16."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        return False
    audit, socket, refused = machine
    # (code, value, where to if so, where to if not): names of steps, or the next one.
    steps = [(LOAD, 4, None, None), (EQUAL, audit, None, "refuse"), (LOAD, 0, None, None), (AT_LEAST, X32, "refuse", None)]
    steps += [(EQUAL, number, "refuse", None) for number in refused + (IO_URING_SETUP,)]
    steps += [(EQUAL, socket, None, "allow"), (LOAD, 16, None, None), (EQUAL, AF_UNIX, None, "refuse")]
    places = {"allow": len(steps), "refuse": len(steps) + 1}
    written = b"".join(struct.pack("<HBBI", code, *(0 if to is None else places[to] - at - 1 for to in (yes, no)), value) for at, (code, value, yes, no) in enumerate(steps))
    written += struct.pack("<HBBI", RETURN, 0, 0, ALLOW) + struct.pack("<HBBI", RETURN, 0, 0, REFUSE)
    kept = ctypes.create_string_buffer(written, len(written))
    program = Program(len(written) // 8, ctypes.addressof(kept))
    return libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0


def read_only(libc, folder):
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    handled = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE
    if version >= 2:
        handled |= REFER
    if version >= 3:
        handled |= TRUNCATE
    attributes = struct.pack("<Q", handled)
    rules = libc.syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return False
    try:
        for path, allowed in ((folder, handled), ("/dev/null", handled & (WRITE_FILE | TRUNCATE)), ("/dev/shm", handled)):
            try:
                place = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
            except OSError:
                continue
            rule = struct.pack("<Qi", allowed, place)
            libc.syscall(LANDLOCK_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint32(0))
            os.close(place)
        return libc.syscall(LANDLOCK_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    finally:
        os.close(rules)
