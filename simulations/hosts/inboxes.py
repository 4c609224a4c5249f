"""Addresses: in which partition of which inbox a command belongs."""

from __future__ import annotations

from typing import Any

from reference_services.kernel.message import Message, partition_of
from reference_services.kernel.system import System

from ..kafka.log import PartitionLog, VirtualBroker


class Inboxes:
    """The inboxes of a system's services, found by command."""

    def __init__(self, system: System, broker: VirtualBroker) -> None:
        self._partitions = broker.partitions
        self._topics = {
            command_type: broker.topic(system.commands_topic(service))
            for service in system.services
            for decider in service.deciders
            for command_type in decider.commands
        }

    def of(self, command: Message[Any]) -> PartitionLog:
        """The partition of the inbox that ``command`` belongs in."""
        return self._topics[type(command.data)][partition_of(command.subject, self._partitions)]
