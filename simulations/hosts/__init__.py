"""The hosts of services in virtual time: the semantics of `hosting.streams`, without the bytes."""
