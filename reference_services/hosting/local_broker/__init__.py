"""A small Kafka broker for one machine: everything in memory, one process, the part of the protocol that is used here.

Kafka itself needs a Java machine; the one broker that installs from PyPI lists a partition's whole log at each fetch,
so that it is busy with nothing else after some thousand appends. This one answers a fetch the moment data is there and
does the same work for the millionth record as for the first. It keeps no promise about losing power.
"""
