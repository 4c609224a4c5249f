"""Who calls. A provider is a doctor here; the one who moves the money is the payment provider."""

from __future__ import annotations

PATIENT, FRONT_DESK, PROVIDER, PAYMENT_PROVIDER = "patient", "front_desk", "provider", "payment_provider"
