"""How often a patient may see a provider is checked in the form, and nowhere else.

Origin: validation on the client. Two devices, each with a form of its own, both find that there is no appointment yet.
"""

from __future__ import annotations

from reference_services.clinic.diaries import ClaimTime, Diary, DiaryDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class TrustingDiary(DiaryDecider):
    """Believes that somebody has looked."""

    def decide(self, diary: Diary, command: Command, now_us: int) -> list[Event]:
        return super().decide(Diary() if isinstance(command, ClaimTime) else diary, command, now_us)


PAIR_LIMIT_FORGOTTEN = Plant(
    "pair-limit-forgotten",
    "That a patient sees a provider once a week is checked by the patient's own device.",
    "validation on the client only",
    "one-active-per-week",
    swapped(TrustingDiary),
    system="clinic",
    live=True,
)
