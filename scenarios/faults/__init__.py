"""What goes wrong: each fault a package of what it does, when, how it heals, and how it is drawn in pictures.

A fault is data. It touches a world only through that world's `stage.Stage`, so the same fault strikes in virtual time
and for real, and a tape that stores faults can play them again.
"""
