"""Which calls to the kernel a converting process, and all it starts, may not make.

Reading a document takes files, memory, threads and programs. What is refused beyond that is what Landlock does not
see: other processes (their limits, their priority, their memory), the modes, owners, times and attributes of files,
memory that outlives who asked for it, sockets of any kind, namespaces, and leaving one's process group, which is how
all of a document's processes are ended at once.

The filter is a program for the kernel's own small machine (``linux/filter.h``, seccomp(2)): a table of names and
numbers, and two calls of which only some uses are refused.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

PR_SET_SECCOMP: Final = 22
PR_GET_SECCOMP: Final = 21
SECCOMP_MODE_FILTER: Final = 2
LOAD, IF_EQUAL, IF_NOT_LESS, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
# where the kernel puts what it is asked, for the filter: number, architecture, low half of the first argument
NUMBER, ARCHITECTURE, FIRST = 0, 4, 16
OTHER_NUMBERS: Final = 0x40000000  # the same calls once more (x32)
Step: TypeAlias = tuple[int, int, int, int]  # code, how far to jump if so, if not, value

# machine → (its number in audit.h, which column of the tables is its own)
MACHINES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# call → its number on each machine; None where it has none
REFUSED: Final[Mapping[str, tuple[int | None, int | None]]] = {
    # sockets, and another way to them
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # leaving the process group
    "setpgid": (109, 154),
    "setsid": (112, 157),
    # other processes: priority, processors, memory, open files
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    # mode, owner, times and attributes of files, and files by other means than their names
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "open_by_handle_at": (304, 265),
    # memory and messages that outlive who made them, or that no folder holds
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # namespaces
    "unshare": (272, 97),
    "setns": (308, 268),
}
# what has another way of doing it is told so, and takes that
ABSENT: Final[Mapping[str, tuple[int, int, int]]] = {
    "clone3": (435, 435, errno.ENOSYS),  # its flags are out of the filter's sight: clone has them in it
    "fallocate": (285, 47, errno.EOPNOTSUPP),  # room on the disk beyond the end of a file
}
PRLIMIT64: Final = (302, 261)
CLONE: Final = (56, 220)
NEW_NAMESPACES: Final = 0x7E020000


def is_known() -> bool:
    """Whether there are numbers for this machine, and its kernel has filters."""
    return platform.machine() in MACHINES and ctypes.CDLL(None).prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def refuse_calls() -> None:
    """Refuse them to this process and all it starts, for good; machines that are not known go without.

    Needs no_new_privs.
    """
    if platform.machine() not in MACHINES:
        return
    steps = tuple(build(*MACHINES[platform.machine()]))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    ctypes.CDLL(None).prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


def build(architecture: int, column: int) -> Iterator[Step]:
    """The steps of the filter for a machine."""
    yield LOAD, 0, 0, ARCHITECTURE
    yield IF_EQUAL, 1, 0, architecture
    yield RETURN, 0, 0, KILL  # another machine's calls have other numbers
    yield LOAD, 0, 0, NUMBER
    yield from _refuse_if(IF_NOT_LESS, OTHER_NUMBERS, errno.EPERM)
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            yield from _refuse_if(IF_EQUAL, number, errno.EPERM)
    for call in ABSENT.values():
        yield from _refuse_if(IF_EQUAL, call[column], call[2])
    # one's own limits, as 0; threads and programs, in the namespaces that there are
    yield from _refuse_unless(PRLIMIT64[column], (IF_EQUAL, 1, 0, 0))
    yield from _refuse_unless(CLONE[column], (IF_ANY_BIT, 0, 1, NEW_NAMESPACES))
    yield RETURN, 0, 0, ALLOW


def _refuse_if(comparison: int, value: int, error: int) -> Iterator[Step]:
    """An error where the number of the call compares so."""
    yield comparison, 0, 1, value
    yield RETURN, 0, 0, REFUSE | error


def _refuse_unless(number: int, test: Step) -> Iterator[Step]:
    """An error for one call, unless the test of its first argument jumps over it."""
    yield IF_EQUAL, 0, 4, number
    yield LOAD, 0, 0, FIRST
    yield test
    yield RETURN, 0, 0, REFUSE | errno.EPERM
    yield RETURN, 0, 0, ALLOW
