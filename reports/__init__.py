"""Reports: what a run folder says, told to people. Verdicts, figures, charts and one page to read them on."""
