"""A group of outpatient clinics: appointments, rooms, co-pays, reminders and a waiting list. See ``system.py``."""
