"""What is computed once: a property of a page, and what many pages have the same bytes of.

Before Python 3.12, ``functools.cached_property`` has a lock around it. That took more than half of its time, and made
threads that read different pages wait for each other; this one has none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

__all__ = ["LargeBytes", "cached_property"]

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:
        """A property that is computed once: the instance then has an attribute of the same name."""

        def __init__(self, compute):
            self._compute = compute
            self.__doc__ = compute.__doc__

        def __set_name__(self, owner, name):
            self._name = name

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._compute(instance)
            return value


class LargeBytes(bytes):
    """Bytes as a cache key: large ones are faster to compare than to hash."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash((len(self), self[-32:]))
