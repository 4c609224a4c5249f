"""What every process of the project does alike: listen, say where, log as JSON, and stop when it is told to."""
