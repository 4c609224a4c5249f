"""Load tests: the journeys of a scenario played over HTTP in real time, everybody arriving when the plan says so.

Arrivals are an open model: a slow service does not slow down the customers who have yet to come. Importing this
package starts nothing; processes that send load import Locust, which replaces the standard library's blocking calls.
"""
