"""Serves the provider: ``python -m reference_services.payment_provider``, with settings from the environment.

Prints one line of JSON once it listens: ``{"listening": "127.0.0.1:8079"}``. SIGTERM and SIGINT stop it cleanly.
"""

from __future__ import annotations

import sys

from ..processes.logs import configure_logs
from ..processes.serving import AnnouncingServer, CannotListen, listening_socket
from .app import ProviderApp
from .journal import JournalUnusable
from .settings import VARIABLES, BadSettings, ProviderSettings

USAGE = 2


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    try:
        settings = ProviderSettings.from_environment()
        configure_logs(settings.log_level, "provider")
        provider = ProviderApp(settings)
        bound = listening_socket(settings.host, settings.port)
    except (BadSettings, JournalUnusable) as error:
        sys.stderr.write(f"payment provider: {error}\n")
        return USAGE
    except CannotListen as error:
        sys.stderr.write(f"payment provider: {error}; set {VARIABLES['port']}\n")
        return USAGE
    AnnouncingServer(provider.app, provider.patience.lose).run(sockets=[bound])
    return 0


if __name__ == "__main__":
    sys.exit(main())
