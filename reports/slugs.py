"""Names for files and anchors, whatever the titles hold that systems give to their pictures."""

from __future__ import annotations

import re


def slug(title: str) -> str:
    """``gauge-stock-by-sku`` for ``Stock, by SKU``."""
    return "gauge-" + "-".join(re.findall(r"[a-z0-9]+", title.lower()))
