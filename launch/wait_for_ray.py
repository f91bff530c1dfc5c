"""Wait until a Ray cluster is complete.

    python launch/wait_for_ray.py 10.0.0.1:6379 --nodes 2

Options:
    ADDRESS            host:port of the cluster's head
    --nodes N          nodes that are to be there, the head among them; 1 by default
    --timeout S        seconds after which it is given up, with exit code 75; 300 by default
"""

from __future__ import annotations

import argparse
import logging
import socket
import time

from medical_team.entry import Parser, run_entry_point
from medical_team.errors import MachineError, NotYetThere

# Seconds between two questions; Ray tells of a new node about once a second.
_ASKS_EVERY_S = 1.0

_LARGEST_PORT = 65535


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("address", help=argparse.SUPPRESS)
    parser.add_argument("--nodes", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--timeout", type=float, default=300.0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + options.timeout
    wait_for_head(options.address, deadline)
    wait_for_nodes(options.address, options.nodes, deadline)


def wait_for_head(address: str, deadline: float) -> None:
    """Until somebody listens there: Ray's own attempts at an address where nobody does are hard to stop."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) <= _LARGEST_PORT):
        raise MachineError(f"{address} is no HOST:PORT: give the address that the head was started with")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=_ASKS_EVERY_S).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise NotYetThere(f"no Ray head answers at {address} ({error}): see its log") from None
            time.sleep(_ASKS_EVERY_S)


def wait_for_nodes(address: str, nodes: int, deadline: float) -> None:
    import ray

    ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    try:
        while (there := sum(node["Alive"] for node in ray.nodes())) < nodes:
            if time.monotonic() > deadline:
                raise NotYetThere(f"{there} of {nodes} Ray nodes joined {address} in time: see the nodes' logs")
            time.sleep(_ASKS_EVERY_S)
        gpus, cpus = (ray.cluster_resources().get(what, 0) for what in ("GPU", "CPU"))
        print(f"{there} Ray node(s) at {address}: {gpus:g} GPUs, {cpus:g} CPUs", flush=True)
    finally:
        ray.shutdown()


if __name__ == "__main__":
    run_entry_point(main)
