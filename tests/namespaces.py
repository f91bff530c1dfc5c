"""Hosts of their own on one machine: network namespaces on a bridge, each with an address. Root only.

They share the machine's files, as a cluster's hosts share a file system, and its processes' numbers.
"""

from __future__ import annotations

import os
import shutil
import subprocess


class Network:
    """A bridge and a host for each name, at the addresses after the machine's own.

    Attributes:
        gateway: The machine's own address.
        addresses: Of each host, by name.
    """

    def __init__(self, prefix: str, bridge: str, names: list[str]) -> None:
        """``prefix`` is the first three numbers of the addresses; names are no longer than an interface's may be."""
        self.gateway = f"{prefix}.1"
        self.addresses = {name: f"{prefix}.{number}" for number, name in enumerate(names, 2)}
        self._bridge = bridge
        try:
            ip("link", "add", bridge, "type", "bridge")
            ip("addr", "add", f"{self.gateway}/24", "dev", bridge)
            ip("link", "set", bridge, "up")
            for name, address in self.addresses.items():
                self._plug_in(name, address)
        except BaseException:
            self.close()
            raise

    def inside(self, name: str) -> tuple[str, ...]:
        """The words before a command that runs on that host: it sees the machine's mounts, cgroups among them."""
        return ("nsenter", f"--net=/run/netns/{name}")

    def processes(self, name: str) -> list[int]:
        """The ids of those that run on that host."""
        said = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
        return [int(pid) for pid in said.split()]

    def unplug(self, name: str) -> None:
        """Cut a host off from everybody, at once: packets are neither delivered nor refused."""
        ip("link", "set", name, "down")

    def plug(self, name: str) -> None:
        ip("link", "set", name, "up")

    def close(self) -> None:
        """Processes that still run on a host keep it until they end."""
        for name in self.addresses:
            ip("netns", "del", name, check=False)
            ip("link", "del", name, check=False)
        ip("link", "del", self._bridge, check=False)

    def _plug_in(self, name: str, address: str) -> None:
        """A namespace with a cable to the bridge; the end on the machine's side has the host's name."""
        ip("netns", "add", name)
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", name, "master", self._bridge, "up")
        there = ("netns", "exec", name, "ip")
        ip(*there, "link", "set", "lo", "up")
        ip(*there, "addr", "add", f"{address}/24", "dev", "eth0")
        ip(*there, "link", "set", "eth0", "up")
        # Never used; Ray finds out a host's own address by asking which one would.
        ip(*there, "route", "add", "default", "via", self.gateway)


def ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)


def obstacle() -> str:
    """Why there can be no such hosts here, or ""."""
    if os.geteuid() != 0:
        return "needs root, who may make network namespaces"
    return "" if shutil.which("ip") else "needs iproute2 (Debian: apt-get install iproute2)"
