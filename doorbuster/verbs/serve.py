"""``doorbuster serve``: a whole system on this machine, until Ctrl-C."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..console import Format, output, print_json, progress, say
from ..errors import Mendable, NothingProved
from ..options import OutputFormat, Seed, Variant

if TYPE_CHECKING:
    from reference_services.hosting.supervisor import Supervisor
    from reference_services.kernel.system import System
    from scenarios.model import Scenario

EXAMPLE = "doorbuster serve bookstore --scenario flash_sale"
HOST = "127.0.0.1"
LOOK_EVERY_S = 0.2
TOKEN_LIFETIME_S = 12 * 3_600


def serve(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="A system's name.", show_default=False)],
    scenario: Annotated[
        str, typer.Option(metavar="SCENARIO", help="Serve under this scenario's terms, topology and provider.")
    ] = "",
    variant: Annotated[Variant, typer.Option(help="Which size of the scenario.")] = Variant.LIVE,
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="PORT", help="HTTP port; 0 takes a free one.")] = 8080,
    seed: Seed = 7,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Serve a system with its payment provider and broker on this machine, until Ctrl-C. Nothing of it stays.

    Prints the addresses and, for each role, a token to play with. DOORBUSTER_BROKER names a Kafka cluster to use
    instead of a broker of its own; DOORBUSTER_TOKEN_SECRET fixes the secret of the tokens.
    """
    from reference_services.hosting.supervisor import SupervisionFailed
    from reference_services.registry import load_system

    from ..services import supervise_quietly

    supervise_quietly()
    chosen = _scenario_for(system, scenario, variant)
    wired = load_system(system, chosen.terms if chosen else {})
    with TemporaryDirectory(prefix="doorbuster-") as folder:
        supervisor = _supervisor(wired, chosen, port, seed, Path(folder))
        try:
            with progress("Starting the services"):
                supervisor.start()
            _tell(_served(wired, supervisor), output_format)
            _wait_for_the_end(supervisor)
        except SupervisionFailed as error:
            raise NothingProved(str(error)) from error
        finally:
            supervisor.stop()


def _scenario_for(system: str, name: str, variant: Variant) -> Scenario | None:
    """The scenario to serve under, if one was asked for. Raises `Mendable` if it is another system's."""
    if not name:
        return None
    from loadtests.plan import scenario_for

    chosen = scenario_for(name, variant.value)
    if chosen.system != system:
        raise Mendable(f"{chosen.name} rehearses {chosen.system}, not {system}; serve that, or choose another scenario")
    return chosen


def _supervisor(wired: System, scenario: Scenario | None, port: int, seed: int, folder: Path) -> Supervisor:
    from reference_services.hosting.broker import accepts
    from reference_services.hosting.supervisor import Supervisor
    from reference_services.hosting.topology import Topology

    from ..services import settings_of, topology_of

    if port and accepts(HOST, port):
        raise Mendable(f"port {port} is taken; choose another with --port, or --port 0 for any free one")
    terms = scenario.terms if scenario else {}
    settings = settings_of(wired.name, terms=terms, http_host=HOST, http_port=port)
    if scenario is not None:
        settings = settings.changed(partitions=scenario.topology.partitions)
    topology = topology_of(scenario, wired, seed) if scenario else Topology.of(wired, provider_seed=seed)
    return Supervisor(settings, topology, folder)


def _served(wired: System, supervisor: Supervisor) -> dict[str, Any]:
    """What is served where, and how to get in, as JSON data."""
    from reference_services.hosting.tokens import mint
    from reference_services.kernel.operation import ANYONE, Action, Principal

    secret = supervisor.settings.token_secret
    signed = {role for _, each in wired.operations() if isinstance(each, Action) and each.signed for role in each.roles}
    roles = sorted({role for _, each in wired.operations() for role in each.roles} - signed - {ANYONE})
    return {
        "system": wired.name,
        "url": supervisor.gateway_url,
        "docs": {service.name: f"{supervisor.gateway_url}/{service.name}/docs" for service in wired.services},
        "provider": f"{supervisor.settings.provider_url}/docs",
        "broker": supervisor.settings.broker,
        "control_socket": str(supervisor.socket_path),
        "token_secret": secret,
        "tokens": {role: mint(Principal(f"local-{role}", role), secret, TOKEN_LIFETIME_S) for role in roles},
    }


def _tell(served: dict[str, Any], output_format: Format) -> None:
    if output_format is Format.JSON:
        print_json(served)
        return
    lines = [f"{served['system']} is served at {served['url']}", "", "API, with forms to try it out:"]
    lines += [f"  {service:<16} {url}" for service, url in served["docs"].items()]
    lines += [f"  {'the provider':<16} {served['provider']}", ""]
    lines += [f"Bearer tokens, good for {TOKEN_LIFETIME_S // 3_600} hours:"]
    lines += [f"  {role:<16} {token}" for role, token in served["tokens"].items()]
    lines += ["", "From another terminal:"]
    lines += [f"  DOORBUSTER_TOKEN_SECRET={served['token_secret']} doorbuster load SCENARIO --url {served['url']}"]
    lines += [f"  doorbuster dead-letters {served['system']} --broker {served['broker']}"]
    lines += ["", "Ctrl-C stops everything."]
    for line in lines:
        output.print(line)


def _wait_for_the_end(supervisor: Supervisor) -> None:
    try:
        while not supervisor.failure:
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        say("Stopping")
        return
    raise NothingProved(supervisor.failure)
