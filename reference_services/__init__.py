"""Reference services: systems to rehearse, the kernel they are written in, and what runs them for real."""
