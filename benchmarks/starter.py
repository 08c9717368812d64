"""Starts one process, waits for it, and says what it took.

A new process inherits the peak memory of the one that starts it, so this one imports next to nothing.

    python -I -S benchmarks/starter.py FD STOP_AFTER_S COMMAND…

It writes to the file descriptor: exit code, seconds, seconds of processor time, and peak memory in bytes (the kernel's
ru_maxrss). If STOP_AFTER_S is not 0, the process is asked to end (SIGTERM) after so many seconds.
"""

import os
import signal
import sys
import time

_BYTES_A_KIB = 1024


def main() -> None:
    """Runs it."""
    told, stop_after_s, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(told, False)
    started_s = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    if stop_after_s:
        time.sleep(stop_after_s)
        os.kill(pid, signal.SIGTERM)
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - started_s
    cpu_s, peak_bytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _BYTES_A_KIB
    os.write(told, f"{os.waitstatus_to_exitcode(status)} {wall_s} {cpu_s} {peak_bytes}".encode())


main()
