"""A Ray node on each of several hosts of their own (``namespaces``), which can be cut off and come back.

The head and the driver are on the machine's side of the bridge. Every process that runs on a host is found by its
namespace, and nothing else is touched.
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
from namespaces import Network

RAY = str(Path(sys.executable).with_name("ray"))
NET, BRIDGE = "10.213.57", "faults0"
PORT = 26379
JOINS_WITHIN_S = 120


class Hosts:
    """A head without GPUs, and hosts of one GPU (by number) each."""

    def __init__(self, count: int) -> None:
        # Below a test's own folder the names of Ray's sockets would be longer than a socket's may be.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))
        self.names = [f"faults-{number}" for number in range(1, count + 1)]
        self._head: Process | None = None
        self._network = Network(NET, BRIDGE, self.names)
        self._head_address = self._network.gateway
        try:
            self._ray_start(["--head", f"--port={PORT}", "--num-gpus=0", "--num-cpus=2", f"--temp-dir={self._folder}"])
            for name in self.names:
                self.join(name)
            self._wait_for_nodes(count + 1)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        return f"{self._head_address}:{PORT}"

    def join(self, name: str) -> None:
        """Start a Ray node on a host."""
        where = [f"--address={self.address}", "--num-gpus=1", "--num-cpus=2"]
        # A folder of its own under the name that all nodes have for it: two that share one take each other's address.
        alone = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"', str(self._folder))
        self._ray_start(where, prefix=(*self._network.inside(name), *alone), address=self._network.addresses[name])

    def cut_off(self, name: str) -> None:
        self._network.unplug(name)

    def bring_back(self, name: str) -> None:
        """A host that was cut off, as after a reboot: nothing of before runs on it."""
        self._end_all(name)
        self._network.plug(name)
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
        if self._head is not None:
            os.killpg(self._head.pid, signal.SIGKILL)
        self._network.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ray_start(self, arguments: Sequence[str], prefix: Sequence[str] = (), address: str = "") -> None:
        address = address or self._head_address
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
        return [found for pid in self._network.processes(name) if (found := process_of(pid)) is not None]

    def _end_all(self, name: str) -> None:
        processes = self._processes(name)
        for process in processes:
            process.send(signal.SIGKILL)
        wait_until_gone(processes, GONE_WITHIN_S)
