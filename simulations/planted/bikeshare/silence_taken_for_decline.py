"""The provider does not know the payment yet, so it is taken for declined, and charged again.

Origin: look-ups after a time-out that take "not found" for the end; the first call was still under way.
"""

from __future__ import annotations

from typing import Any

from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Command
from reference_services.kernel.outside import LookUp, OutsideRequest, PaymentReport
from reference_services.shared.payments import PaymentUnresolved, RecordReport

from ..plant import Plant, swapped


def _ask(event: PaymentUnresolved) -> OutsideRequest:
    return LookUp(f"{event.payment_id}/look-up/{event.asked}", event.payment_id)


def _record(event: Any, report: PaymentReport) -> Command:
    if report.status in ("unknown", "authorized"):
        return RecordReport(report.payment_id, "declined")
    return RecordReport.of(report)


LOOK_UP = Effect("look-up", PaymentUnresolved, _ask, _record)


SILENCE_TAKEN_FOR_DECLINE = Plant(
    "silence-taken-for-decline",
    "A payment that is not known or not captured yet is taken for declined.",
    "look-ups after a time-out that take not found for the end",
    "charge-once",
    swapped(LOOK_UP),
    system="bikeshare",
    live=True,
)
