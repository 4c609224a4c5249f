"""The outside world: a card gateway and a message gateway with books, webhooks and bad days of their own.

`provider` is its pure core, for virtual time as well as for real; ``python -m`` on this package serves it over HTTP.
Importing the package brings in no HTTP.
"""
