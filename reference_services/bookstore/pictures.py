"""What reports draw of the bookstore, as data: units by what became of them. See ``reports/pictures.py``."""

from __future__ import annotations

PICTURES = {
    "headline": "Nothing was oversold: $sold of $received units sold",
    "gauges": [
        {
            "title": "Stock",
            "unit": "units",
            "per": "sku",
            "runs_out": "available",
            "ran_out": "Sold out after",
            "series": [
                {
                    "name": "available",
                    "changes": [
                        {"event": "StockReceived", "amount": "+units"},
                        {"event": "StockReserved", "amount": "-units"},
                        {"event": "StockReleased", "amount": "+units"},
                        {"event": "ReservationExpired", "amount": "+units"},
                    ],
                },
                {
                    "name": "held",
                    "changes": [
                        {"event": "StockReserved", "amount": "+units"},
                        {"event": "ReservationCommitted", "amount": "-units"},
                        {"event": "StockReleased", "amount": "-units", "where": {"was": "held"}},
                        {"event": "ReservationExpired", "amount": "-units"},
                    ],
                },
                {
                    "name": "sold",
                    "changes": [
                        {"event": "ReservationCommitted", "amount": "+units"},
                        {"event": "StockReleased", "amount": "-units", "where": {"was": "committed"}},
                    ],
                },
                {"name": "received", "drawn": False, "changes": [{"event": "StockReceived", "amount": "+units"}]},
            ],
        }
    ],
}
