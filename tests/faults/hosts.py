"""Hosts of their own on one machine: network namespaces with a Ray node in each, which can be cut off and come back.

The head and the driver are on the machine's side of a bridge. Root only. Every process that runs in a namespace is
found by the namespace, and nothing else is touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from faults.attempt import ENVIRONMENT, NotCovered
from faults.processes import GONE_WITHIN_S, Process, process_of, wait_until_gone

RAY = str(Path(sys.executable).with_name("ray"))
NET = "10.213.57"
BRIDGE = "faults0"
HEAD = f"{NET}.1"
PORT = 26379
JOINS_WITHIN_S = 120


class Hosts:
    """A head without GPUs, and hosts of one GPU (by number) each."""

    def __init__(self, count: int) -> None:
        # Below a test's own folder the names of Ray's sockets would be longer than a socket's may be.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))
        self.names = [f"faults-{number}" for number in range(1, count + 1)]
        self._head: Process | None = None
        try:
            ip("link", "add", BRIDGE, "type", "bridge")
            ip("addr", "add", f"{HEAD}/24", "dev", BRIDGE)
            ip("link", "set", BRIDGE, "up")
            self._ray_start(["--head", f"--port={PORT}", "--num-gpus=0", "--num-cpus=2", f"--temp-dir={self._folder}"])
            for name in self.names:
                self._plug_in(name)
                self.join(name)
            self._wait_for_nodes(count + 1)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        return f"{HEAD}:{PORT}"

    def join(self, name: str) -> None:
        """Start a Ray node on a host."""
        where = [f"--address={self.address}", "--num-gpus=1", "--num-cpus=2"]
        # A folder of its own under the name that all nodes have for it: two that share one take each other's address.
        alone = ("sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"', str(self._folder))
        self._ray_start(where, prefix=("ip", "netns", "exec", name, *alone), address=self._address(name))

    def cut_off(self, name: str) -> None:
        """From everybody, at once: packets are neither delivered nor refused."""
        ip("link", "set", name, "down")

    def bring_back(self, name: str) -> None:
        """A host that was cut off, as after a reboot: nothing of before runs on it."""
        self._end_all(name)
        ip("link", "set", name, "up")
        self.join(name)

    def with_process(self, title: str) -> str:
        """The host on which a process of that title runs.

        Raises:
            NotCovered: There is none.
        """
        for name in self.names:
            if any(title in process.title for process in self._processes(name)):
                return name
        raise NotCovered(f"no host has a process {title}")

    def close(self) -> None:
        for name in self.names:
            self._end_all(name)
            ip("netns", "del", name, check=False)
            ip("link", "del", name, check=False)
        if self._head is not None:
            os.killpg(self._head.pid, signal.SIGKILL)
        ip("link", "del", BRIDGE, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _plug_in(self, name: str) -> None:
        """A namespace with a cable to the bridge; the end on the machine's side has the host's name."""
        ip("netns", "add", name)
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", name, "master", BRIDGE, "up")
        inside = ("netns", "exec", name, "ip")
        ip(*inside, "link", "set", "lo", "up")
        ip(*inside, "addr", "add", f"{self._address(name)}/24", "dev", "eth0")
        ip(*inside, "link", "set", "eth0", "up")
        # Never used; Ray finds out a host's own address by asking which one would.
        ip(*inside, "route", "add", "default", "via", HEAD)

    def _address(self, name: str) -> str:
        return f"{NET}.{self.names.index(name) + 2}"

    def _ray_start(self, arguments: Sequence[str], prefix: Sequence[str] = (), address: str = HEAD) -> None:
        command = [*prefix, RAY, "start", "--block", "--disable-usage-stats", "--include-dashboard=false"]
        if "--head" not in arguments:
            command.remove("--include-dashboard=false")
        command += [f"--node-ip-address={address}", *arguments]
        log = open(self._folder / f"{address}.log", "a")  # noqa: SIM115  the process writes on
        started = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True)
        log.close()
        if "--head" in arguments:
            self._head = process_of(started.pid)
            self._wait_for_nodes(1)

    def _wait_for_nodes(self, count: int) -> None:
        until = time.monotonic() + JOINS_WITHIN_S
        while self._alive_nodes() < count:
            if time.monotonic() > until:
                raise NotCovered(f"{self._alive_nodes()} of {count} Ray nodes joined within {JOINS_WITHIN_S} s")
            time.sleep(0.5)

    def _alive_nodes(self) -> int:
        command = [RAY, "status", f"--address={self.address}"]
        said = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False).stdout
        active = said.partition("Active:")[2].partition("Pending:")[0]
        return active.count("node_")

    def _processes(self, name: str) -> list[Process]:
        said = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
        return [found for pid in said.split() if (found := process_of(int(pid))) is not None]

    def _end_all(self, name: str) -> None:
        processes = self._processes(name)
        for process in processes:
            process.send(signal.SIGKILL)
        wait_until_gone(processes, GONE_WITHIN_S)


def ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)


def obstacle() -> str:
    """Why there can be no such hosts here, or ""."""
    if os.geteuid() != 0:
        return "needs root, who may make network namespaces"
    return "" if shutil.which("ip") else "needs iproute2 (Debian: apt-get install iproute2)"
