"""The interpreter's own record of a callback's thread, kept from call to call.

PyAudio asks the interpreter for it at each callback and gives it back at the end (PyGILState_Ensure and _Release); of a
thread that Python has not made it is made anew each time, 16 KB mapped and unmapped: a quarter of what a callback
costs. So the first call in such a thread asks once more than it gives back, and what is left when the thread has ended
is freed by hand, which is how the interpreter itself frees those of its own threads (Python/C API, "Thread State and
the Global Interpreter Lock").
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque

_PYTHON = ctypes.PyDLL(None)
"""Calls that keep the lock."""
_PYTHON.PyThreadState_Get.restype = ctypes.c_void_p
_PYTHON.PyThreadState_Clear.argtypes = _PYTHON.PyThreadState_Delete.argtypes = [ctypes.c_void_p]
for _nothing in (_PYTHON.PyThreadState_Clear, _PYTHON.PyThreadState_Delete):
    _nothing.restype = None


class ThreadStates:
    """Of one card's callbacks."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, int]] = deque()

    def keep(self) -> None:
        """That of the calling thread, which is not Python's own. Idempotent."""
        thread = threading.get_native_id()
        if thread not in dict(self._kept):  # a copy in one go: the other direction's thread may be here as well
            _PYTHON.PyGILState_Ensure()
            self._kept.append((thread, _PYTHON.PyThreadState_Get()))

    def free(self) -> None:
        """Those of threads that have ended; one that hangs keeps its own, and is looked at the next time. One thread at
        a time, of Python's own."""
        for _ in range(len(self._kept)):
            thread, state = self._kept.popleft()
            if os.path.exists(f"/proc/self/task/{thread}"):
                self._kept.append((thread, state))
                continue
            _PYTHON.PyThreadState_Clear(state)
            _PYTHON.PyThreadState_Delete(state)
