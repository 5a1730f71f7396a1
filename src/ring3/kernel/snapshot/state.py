"""How a class says what of it is state.

By default all of an object is: its slots, its ``__dict__``, and whatever they lead to. A class that has something else
declares so in its body:

* ``is_state = False``: nothing of its objects is. They stand for the machine itself, or for who watches it.
* ``not_state = ("_poll",)``: these attributes are not. They keep the values that they have at the moment.
* ``is_kept_in_files = False``: a snapshot in memory has its objects, one in a file, which anybody may have made, not.
* `Outside`: it also has something that lies outside of Python, such as a place in a file of the host.
"""

from __future__ import annotations

from typing import Any, Protocol


class Outside(Protocol):
    """An object with state that lies outside of Python."""

    def outside(self) -> Any:  # noqa: ANN401 -- each its own
        """What of it lies outside, as a value that does not change.

        Raises:
            UserError: There is no way back from what comes after this moment.
        """

    def check_outside(self, then: Any) -> None:  # noqa: ANN401
        """Makes sure that it can be as it was; nothing has been changed yet.

        Raises:
            UserError: It cannot.
        """

    def put_outside(self, then: Any) -> None:  # noqa: ANN401
        """Makes it as it was; the object's attributes are again what they were then."""
