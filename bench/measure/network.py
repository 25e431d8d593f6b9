"""A network namespace of the bench's own.

Packets of the loopback pass the machine's firewall and connection tracking too (dockerd sets up both, and they stay), which
costs each delivery 1 to 1.5 µs of some 10. That is not what is to be measured.
"""

import ctypes
import fcntl
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
UP_AND_RUNNING = 0x1 | 0x40


def enter_own():
    """From here on this process and its children have a loopback of their own. False where that is not allowed."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        return False
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", UP_AND_RUNNING))
    return True
