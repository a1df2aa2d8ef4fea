"""The subcommand `power-kiosk demo`."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from kiosk.command import Command
from simulators.bench.programs import BenchError
from simulators.customer.faults import FAULTS
from simulators.customer.journeys import JOURNEYS
from simulators.demo.headless import Run, play


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--list", action="store_true", help="journeys and faults as JSON")
    parser.add_argument(
        "--headless", action="store_true", help="let a scripted customer walk, without a display"
    )
    parser.add_argument(
        "--journey", choices=sorted(JOURNEYS), help="without it pay-cash, or the fault's usual one"
    )
    parser.add_argument("--fault", choices=sorted(FAULTS))
    parser.add_argument("--acceptor", choices=["ccnet"], default="ccnet")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh")
    parser.add_argument("--form", choices=["lobby", "wall", "through"], default="lobby")
    parser.add_argument("--speed", type=float, default=1.0, help="divides mechanical delays, never deadlines")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder for all that remains")


def _run(args: Namespace) -> int:
    if args.list:
        listed = {
            "journeys": [{"name": one.name, "tells": one.tells} for one in JOURNEYS.values()],
            "faults": [{"name": one.name, "tells": one.tells} for one in FAULTS.values()],
        }
        print(json.dumps(listed, ensure_ascii=False, indent=1))
        return 0
    if args.headless:
        return _headless(args)
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        print("power-kiosk demo: there is no display; use --headless", file=sys.stderr)
        return 2
    from simulators.demo.window import show

    return show(args.out.resolve(), args.form, args.lang)


def _headless(args: Namespace) -> int:
    fault = FAULTS[args.fault] if args.fault else None
    name = args.journey or (fault.journeys[0] if fault and fault.journeys else "pay-cash")
    if fault and fault.journeys and name not in fault.journeys:
        where = ", ".join(fault.journeys)
        print(f"power-kiosk demo: {fault.name} cannot happen in {name}, but in: {where}", file=sys.stderr)
        return 2
    run = Run(JOURNEYS[name], fault, args.out.resolve(), args.form, args.lang, args.speed)
    try:
        result = play(run, lambda text: print(f"demo: {text}", flush=True))
    except BenchError as error:
        result = {"journey": run.journey.name, "fault": args.fault, "ok": False, "why": str(error)}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


command = Command("hub, far ends and kiosk at once, to try by hand or by script", _configure, _run)
