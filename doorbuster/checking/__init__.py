"""The search over seeds at the command line: on all cores, added up, and told to people, programs and CI."""
