"""Of several messages under way at once, the latest that is done with is committed, over the head of earlier ones.

Origin: faust-streaming issue 606, ``concurrency > 1`` commits past an in-flight offset.
"""

from __future__ import annotations

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ...kafka.consumer import Work
from ..plant import Plant


class OverhastyHost(DeciderHost):
    """Lets go of whatever is older than the call that was just answered."""

    def finish_call(self, work: Work) -> None:
        for older in work.session.under_way:
            if older.offset <= work.offset:
                older.open_steps = 0
        work.open_steps = 1
        work.finish_step()


COMMIT_OF_THE_LATEST = Plant(
    "commit-of-the-latest",
    "A call that is answered has earlier ones, still under way, committed with it; a crash forgets them.",
    "faust-streaming issue 606: concurrency > 1 commits past an in-flight offset",
    "everything-settles",
    Design(decider_host=OverhastyHost),
)
