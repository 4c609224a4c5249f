"""Bugs of the bookstore: decisions, policies and calls outside that are nearly right."""

from __future__ import annotations

from ..plant import Plant
from .capture_accepted_after_expiry import CAPTURE_ACCEPTED_AFTER_EXPIRY
from .cents_through_float import CENTS_THROUGH_FLOAT
from .charge_without_refund import CHARGE_WITHOUT_REFUND
from .dead_orders_counted import DEAD_ORDERS_COUNTED
from .duplicate_capture_counted import DUPLICATE_CAPTURE_COUNTED
from .early_webhook_lost import EARLY_WEBHOOK_LOST
from .expiry_frees_sold_goods import EXPIRY_FREES_SOLD_GOODS
from .expiry_missed_while_paying import EXPIRY_MISSED_WHILE_PAYING
from .expiry_too_early import EXPIRY_TOO_EARLY
from .hold_never_expires import HOLD_NEVER_EXPIRES
from .hold_not_released_on_cancel import HOLD_NOT_RELEASED_ON_CANCEL
from .hold_released_twice import HOLD_RELEASED_TWICE
from .last_report_wins import LAST_REPORT_WINS
from .late_capture_ignored import LATE_CAPTURE_IGNORED
from .late_capture_kept import LATE_CAPTURE_KEPT
from .limit_by_session import LIMIT_BY_SESSION
from .limit_from_a_view import LIMIT_FROM_A_VIEW
from .limit_per_request import LIMIT_PER_REQUEST
from .local_clock_expiry import LOCAL_CLOCK_EXPIRY
from .notification_sent_twice import NOTIFICATION_SENT_TWICE
from .partial_order_confirmed import PARTIAL_ORDER_CONFIRMED
from .payment_never_asked_about import PAYMENT_NEVER_ASKED_ABOUT
from .pickup_and_cancel_both_win import PICKUP_AND_CANCEL_BOTH_WIN
from .receipt_fire_and_forget import RECEIPT_FIRE_AND_FORGET
from .refund_more_than_captured import REFUND_MORE_THAN_CAPTURED
from .retry_adds_up import RETRY_ADDS_UP
from .retry_under_the_same_key import RETRY_UNDER_THE_SAME_KEY
from .rows_in_another_order import ROWS_IN_ANOTHER_ORDER
from .sale_opened_by_the_page import SALE_OPENED_BY_THE_PAGE
from .stock_checked_then_set import STOCK_CHECKED_THEN_SET
from .stock_clamped import STOCK_CLAMPED
from .timeout_taken_for_decline import TIMEOUT_TAKEN_FOR_DECLINE
from .unknown_taken_for_void import UNKNOWN_TAKEN_FOR_VOID
from .void_taken_for_granted import VOID_TAKEN_FOR_GRANTED

PLANTS: tuple[Plant, ...] = (
    CAPTURE_ACCEPTED_AFTER_EXPIRY,
    CENTS_THROUGH_FLOAT,
    CHARGE_WITHOUT_REFUND,
    DEAD_ORDERS_COUNTED,
    DUPLICATE_CAPTURE_COUNTED,
    EARLY_WEBHOOK_LOST,
    EXPIRY_FREES_SOLD_GOODS,
    EXPIRY_MISSED_WHILE_PAYING,
    EXPIRY_TOO_EARLY,
    HOLD_NEVER_EXPIRES,
    HOLD_NOT_RELEASED_ON_CANCEL,
    HOLD_RELEASED_TWICE,
    LAST_REPORT_WINS,
    LATE_CAPTURE_IGNORED,
    LATE_CAPTURE_KEPT,
    LIMIT_BY_SESSION,
    LIMIT_FROM_A_VIEW,
    LIMIT_PER_REQUEST,
    LOCAL_CLOCK_EXPIRY,
    NOTIFICATION_SENT_TWICE,
    PARTIAL_ORDER_CONFIRMED,
    PAYMENT_NEVER_ASKED_ABOUT,
    PICKUP_AND_CANCEL_BOTH_WIN,
    RECEIPT_FIRE_AND_FORGET,
    REFUND_MORE_THAN_CAPTURED,
    RETRY_ADDS_UP,
    RETRY_UNDER_THE_SAME_KEY,
    ROWS_IN_ANOTHER_ORDER,
    SALE_OPENED_BY_THE_PAGE,
    STOCK_CHECKED_THEN_SET,
    STOCK_CLAMPED,
    TIMEOUT_TAKEN_FOR_DECLINE,
    UNKNOWN_TAKEN_FOR_VOID,
    VOID_TAKEN_FOR_GRANTED,
)
