"""How people are reached is known to one service a system at most: the others speak of them by their ids."""

from __future__ import annotations

import re

from reference_services.registry import load_system, system_names

CONTACT = re.compile(r"phone|mail|contact|address|street|birth|name_of")
"""What a field is called in which somebody could be reached or recognized."""


def services_with_contact_data(name: str) -> set[str]:
    """The services that have a place for contact data in a message, an event or a command."""
    messages = load_system(name, {}).message_classes().items()
    return {
        type_name.split(".")[1]
        for type_name, message in messages
        if any(CONTACT.search(field) for field in message.__struct_fields__)
    }


def test_contact_data_has_a_place_in_one_service_only() -> None:
    assert {name: services_with_contact_data(name) for name in system_names()} == {
        "bikeshare": set(),
        "bookstore": set(),
        "clinic": {"reminders"},
    }
