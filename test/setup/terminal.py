"""Runs a program on a pseudo-terminal, as a person would: waits for a text, then types.

usage: terminal.py <text to wait for> <what to type, with \\n \\x03 \\x04 escapes> <program> <arguments...>
Writes what the terminal showed to standard output, and ends with the program's exit code.
"""
import os
import pty
import sys

wait, keys = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
shown = b""


def read(terminal):
    global keys, shown
    data = os.read(terminal, 65536)
    shown += data
    if keys and wait.encode() in shown:
        os.write(terminal, keys)
        keys = b""
    return data


status = pty.spawn(sys.argv[3:], read, lambda _: b"")
sys.exit(os.waitstatus_to_exitcode(status))
