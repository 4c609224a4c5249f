"""Services that several systems wire in as they are: decisions as pure as a system's own, and no system's name."""
