"""The search for the run that breaks something: swarm, tape, replay, shrinking, story."""
