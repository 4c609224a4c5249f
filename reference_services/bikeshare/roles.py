"""Who calls the bike share: people, and the docks and bikes that speak for themselves."""

from __future__ import annotations

RIDER, DOCK, BIKE, OPERATOR = "rider", "dock", "bike", "operator"
