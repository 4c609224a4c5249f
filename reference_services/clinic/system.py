"""The clinic, wired: five services and the words in which it says no."""

from __future__ import annotations

from ..kernel.system import Service, System
from . import billing, calendars, operations, reminders, saga, waitlist
from .appointments import AppointmentDecider
from .billing import CopayDecider
from .calendars import CalendarDecider, ClinicDecider
from .contacts import ContactDecider
from .diaries import DiaryDecider
from .problems import REFUSALS
from .reminders import ReminderDecider
from .schedule_operations import SCHEDULES
from .schedules import DayDecider
from .terms import Terms
from .views import AppointmentsView, CalendarsView, ContactsView, DaysView, WaitlistView
from .waitlist import QueueDecider
from .waitlist_operations import WAITLIST

__all__ = ["REFUSALS", "Terms", "build"]


def build(terms: Terms) -> System:
    """The clinic under ``terms``."""
    return System(
        "clinic",
        (
            Service(
                "schedules",
                "The authority on slots: when providers and rooms can be had, and who has them",
                (DayDecider(terms), CalendarDecider(terms), ClinicDecider()),
                policies=calendars.POLICIES,
                operations=SCHEDULES,
                views=(CalendarsView, DaysView),
            ),
            Service(
                "appointments",
                "The life of an appointment, and the saga around it",
                (AppointmentDecider(terms), DiaryDecider(terms)),
                policies=saga.POLICIES,
                operations=operations.APPOINTMENTS,
                views=(CalendarsView, DaysView, AppointmentsView),
            ),
            Service(
                "waitlist",
                "Who would come earlier, and who is asked first",
                (QueueDecider(terms),),
                policies=waitlist.POLICIES,
                operations=WAITLIST,
                views=(CalendarsView, DaysView, WaitlistView),
            ),
            Service(
                "billing",
                "Co-pays and fees, and what the card provider says of them",
                (CopayDecider(terms),),
                effects=billing.EFFECTS,
                operations=operations.BILLING,
            ),
            Service(
                "reminders",
                "What patients are told, and how they are reached",
                (ReminderDecider(terms), ContactDecider()),
                policies=reminders.POLICIES,
                effects=reminders.EFFECTS,
                operations=operations.REMINDERS,
                views=(ContactsView,),
            ),
        ),
        REFUSALS,
    )
