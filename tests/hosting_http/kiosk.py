"""A coffee kiosk: a system just large enough to have every kind of API call that the HTTP side must serve.

A drink is ordered, brewed by a machine that reports by webhook, and served or spoilt.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from reference_services.kernel.decider import Deadline, Decider
from reference_services.kernel.message import Command, Event, Message, Refused
from reference_services.kernel.observer import on
from reference_services.kernel.operation import ANYONE, Action, Call, Outcome, Query
from reference_services.kernel.problem import NOT_FOUND, Problem, ProblemKind
from reference_services.kernel.projection import View, Views
from reference_services.kernel.system import Service, System


class OrderDrink(Command, frozen=True):
    drink_id: str
    customer: str
    kind: str
    cups: int


class LabelDrink(Command, frozen=True):
    drink_id: str
    label: str


class FinishDrink(Command, frozen=True):
    drink_id: str
    result: str


class RefillBeans(Command, frozen=True):
    bean: str
    grams: int


class DrinkOrdered(Event, frozen=True):
    drink_id: str
    customer: str
    kind: str
    cups: int


class DrinkLabelled(Event, frozen=True):
    drink_id: str
    label: str


class DrinkFinished(Event, frozen=True):
    drink_id: str
    result: str


class BeansRefilled(Event, frozen=True):
    bean: str
    grams: int


class Drink(msgspec.Struct, frozen=True):
    status: str = "none"


class DrinkDecider(Decider[Drink]):
    name = "drink"
    commands = (OrderDrink, LabelDrink, FinishDrink)
    events = (DrinkOrdered, DrinkLabelled, DrinkFinished)

    def key(self, command: Command) -> str:
        return command.drink_id  # type: ignore[attr-defined]

    def initial(self, key: str) -> Drink:
        return Drink()

    def decide(self, drink: Drink, command: Command, now_us: int) -> list[Event]:
        match command:
            case OrderDrink(kind="tea"):
                return [Refused("no-tea", "this is a coffee kiosk")]
            case OrderDrink(kind="soup"):
                return [Refused("no-soup")]
            case OrderDrink():
                return [DrinkOrdered(command.drink_id, command.customer, command.kind, command.cups)]
            case LabelDrink():
                return [DrinkLabelled(command.drink_id, command.label)]
            case FinishDrink() if drink.status == "ordered":
                return [DrinkFinished(command.drink_id, command.result)]
        return []

    def evolve(self, drink: Drink, event: Event) -> Drink:
        match event:
            case DrinkOrdered():
                return Drink("ordered")
            case DrinkFinished():
                return Drink(event.result)
        return drink

    def deadlines(self, drink: Drink) -> Iterable[Deadline]:
        return ()


class BeansDecider(Decider[int]):
    name = "beans"
    commands = (RefillBeans,)
    events = (BeansRefilled,)

    def key(self, command: Command) -> str:
        return command.bean  # type: ignore[attr-defined]

    def initial(self, key: str) -> int:
        return 0

    def decide(self, grams: int, command: Command, now_us: int) -> list[Event]:
        return [BeansRefilled(command.bean, command.grams)]  # type: ignore[attr-defined]

    def evolve(self, grams: int, event: Event) -> int:
        return grams + event.grams  # type: ignore[attr-defined]


class DrinkBody(msgspec.Struct, frozen=True):
    drink_id: str
    kind: str
    cups: int
    status: str
    label: str = ""


class DrinksView(View):
    def __init__(self) -> None:
        self.drinks: dict[str, DrinkBody] = {}
        self.owners: dict[str, str] = {}

    @on(DrinkOrdered)
    def ordered(self, message: Message) -> None:
        event: DrinkOrdered = message.data  # type: ignore[assignment]
        self.drinks[event.drink_id] = DrinkBody(event.drink_id, event.kind, event.cups, "ordered")
        self.owners[event.drink_id] = event.customer

    @on(DrinkLabelled)
    def labelled(self, message: Message) -> None:
        event: DrinkLabelled = message.data  # type: ignore[assignment]
        self.drinks[event.drink_id] = msgspec.structs.replace(self.drinks[event.drink_id], label=event.label)

    @on(DrinkFinished)
    def finished(self, message: Message) -> None:
        event: DrinkFinished = message.data  # type: ignore[assignment]
        self.drinks[event.drink_id] = msgspec.structs.replace(self.drinks[event.drink_id], status=event.result)


class BeansView(View):
    def __init__(self) -> None:
        self.grams: dict[str, int] = {}

    @on(BeansRefilled)
    def refilled(self, message: Message) -> None:
        event: BeansRefilled = message.data  # type: ignore[assignment]
        self.grams[event.bean] = self.grams.get(event.bean, 0) + event.grams


class DrinkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    cups: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1


class LabelRequest(msgspec.Struct, frozen=True):
    label: Annotated[str, msgspec.Meta(max_length=100)]


class RefillRequest(msgspec.Struct, frozen=True):
    grams: int


class BeansBody(msgspec.Struct, frozen=True):
    bean: str
    grams: int


class MachineReport(msgspec.Struct, frozen=True):
    drink_id: str
    result: Literal["served", "spoilt"]


class MenuBody(msgspec.Struct, frozen=True):
    kinds: list[str]


class Taken(msgspec.Struct, frozen=True):
    taken: bool = True


def order_drink(call: Call, views: Views) -> Command:
    return OrderDrink(call.new_id("d"), call.principal.subject, call.body.kind, call.body.cups)


def label_drink(call: Call, views: Views) -> Command:
    own_drink(call, views)
    return LabelDrink(call.path["drink_id"], call.body.label)


def drink_outcome(command: Command, views: Views) -> Outcome:
    drink = views.get(DrinksView).drinks[command.drink_id]  # type: ignore[attr-defined]
    return Outcome(drink, drink.status != "ordered", "spoilt" if drink.status == "spoilt" else "")


def label_outcome(command: Command, views: Views) -> Outcome:
    return Outcome(views.get(DrinksView).drinks[command.drink_id])  # type: ignore[attr-defined]


def drink_location(command: Command) -> str:
    return f"/drinks/{command.drink_id}"  # type: ignore[attr-defined]


def own_drink(call: Call, views: Views) -> DrinkBody:
    view = views.get(DrinksView)
    drink_id = call.path["drink_id"]
    if view.owners.get(drink_id) != call.principal.subject:
        raise Problem(NOT_FOUND, f"you have no drink {drink_id!r}")
    return view.drinks[drink_id]


def view_drink(call: Call, views: Views) -> Outcome:
    drink = own_drink(call, views)
    return Outcome(drink, drink.status != "ordered")


def view_menu(call: Call, views: Views) -> Outcome:
    return Outcome(MenuBody(["coffee"]))


def refill(call: Call, views: Views) -> Command:
    return RefillBeans(call.path["bean"], call.body.grams)


def refill_outcome(command: Command, views: Views) -> Outcome:
    bean = command.bean  # type: ignore[attr-defined]
    return Outcome(BeansBody(bean, views.get(BeansView).grams[bean]))


def view_beans(call: Call, views: Views) -> Outcome:
    return Outcome(BeansBody(call.path["bean"], views.get(BeansView).grams.get(call.path["bean"], 0)))


def take_report(call: Call, views: Views) -> Command:
    return FinishDrink(call.body.drink_id, call.body.result)


def taken(command: Command, views: Views) -> Outcome:
    return Outcome(Taken())


def break_down(call: Call, views: Views) -> Outcome:
    raise RuntimeError("secret innards of the kiosk")


BAR = (
    Query("view_menu", "/menu", "What there is", (ANYONE,), view_menu, MenuBody),
    Action(
        "order_drink",
        "POST",
        "/drinks",
        "Order a drink",
        ("customer",),
        order_drink,
        drink_outcome,
        DrinkBody,
        body=DrinkRequest,
        location=drink_location,
        created=True,
    ),
    Query("view_drink", "/drinks/{drink_id}", "My drink", ("customer",), view_drink, DrinkBody),
    Action(
        "label_drink",
        "PUT",
        "/drinks/{drink_id}/label",
        "Name on the cup",
        ("customer",),
        label_drink,
        label_outcome,
        DrinkBody,
        body=LabelRequest,
    ),
    Query("break_down", "/broken", "Always fails", (ANYONE,), break_down, MenuBody),
)

STORE = (
    Action(
        "refill",
        "POST",
        "/beans/{bean}/refills",
        "Beans have come",
        ("staff",),
        refill,
        refill_outcome,
        BeansBody,
        body=RefillRequest,
        created=True,
    ),
    Query("view_beans", "/beans/{bean}", "What is left", ("staff",), view_beans, BeansBody),
    Action(
        "take_report",
        "POST",
        "/webhooks/machine",
        "The machine reports",
        ("provider",),
        take_report,
        taken,
        Taken,
        body=MachineReport,
        signed=True,
    ),
)

REFUSALS = {"no-tea": ProblemKind("no-tea", 409, "No tea"), "spoilt": ProblemKind("spoilt", 402, "The drink is spoilt")}


def kiosk(name: str = "kiosk") -> System:
    return System(
        name,
        (
            Service("bar", "Drinks", (DrinkDecider(),), operations=BAR, views=(DrinksView,)),
            Service("store", "Beans", (BeansDecider(),), operations=STORE, views=(BeansView, DrinksView)),
        ),
        REFUSALS,
    )
