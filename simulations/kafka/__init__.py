"""Kafka in virtual time, with what makes it hard: offsets, groups, generations, buffers that a crash takes along."""
