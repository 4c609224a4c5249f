"""The words in which the clinic says no."""

from __future__ import annotations

from ..kernel.problem import ProblemKind

NO_SUCH_TIME = ProblemKind("no-such-time", 422, "The clocks of the clinic never show this time, or show it twice")
IN_THE_PAST = ProblemKind("in-the-past", 422, "This time has passed")
OUTSIDE_HOURS = ProblemKind("outside-hours", 422, "Nobody is seen at this time")
SLOT_LENGTH = ProblemKind("slot-length", 422, "No visit takes this long")
OFF_GRID = ProblemKind("off-grid", 422, "No visit begins at this time")
NOT_OFFERED = ProblemKind("service-not-offered", 422, "This provider does not offer this service")

REFUSALS = {
    kind.slug: kind
    for kind in (
        NO_SUCH_TIME,
        IN_THE_PAST,
        OUTSIDE_HOURS,
        SLOT_LENGTH,
        OFF_GRID,
        NOT_OFFERED,
        ProblemKind("slot-taken", 409, "Somebody else has this time"),
        ProblemKind("no-room", 409, "There is no room at this time"),
        ProblemKind("patient-busy", 409, "You have another appointment at this time"),
        ProblemKind("one-per-week", 409, "You have an appointment with this provider within a week of this one"),
        ProblemKind("hold-expired", 409, "The time was not confirmed while it was held"),
        ProblemKind("calendar-changed", 409, "The clinic's calendar has changed"),
        ProblemKind("payment-declined", 402, "The card was declined"),
        ProblemKind("not-cancellable", 409, "The appointment can no longer be cancelled"),
        ProblemKind("not-movable", 409, "The appointment cannot be moved now"),
        ProblemKind("same-time", 409, "The appointment is at this time already"),
        ProblemKind("not-now", 409, "That does not come now"),
        ProblemKind("intake-missing", 409, "The intake form is missing"),
        ProblemKind("already-waiting", 409, "You wait in this queue already"),
        ProblemKind("not-waiting", 409, "You do not wait any more"),
        ProblemKind("offer-lapsed", 409, "The slot is not offered to you any more"),
        ProblemKind("zone-fixed", 409, "A clinic's clocks cannot be moved to another time zone"),
        ProblemKind("calendar-taken", 409, "Somebody or something else has this calendar"),
        ProblemKind("cancelled", 409, "The appointment was cancelled"),
        ProblemKind("no-show", 409, "The patient did not come"),
        ProblemKind("fulfilled", 409, "The visit has taken place"),
        ProblemKind("closed-out", 409, "The visit is over"),
    )
}
