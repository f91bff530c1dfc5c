"""A real Slurm on this machine: controller, authentication and two nodes, in a folder of their own.

Each node is a slurmd on a host of its own (``namespaces``). Needs Debian's slurm-wlm, munge and iproute2, and root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import namespaces

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
READY_WITHIN_S = 60
GONE_WITHIN_S = 20

NET, BRIDGE = "10.213.58", "slurm0"
NODES = ["slurm-n1", "slurm-n2"]
URGENT = "urgent"
"""A partition whose jobs preempt the others, which get ``GRACE_S`` seconds for it."""
GRACE_S = 240

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}({address})
SlurmctldPort={controller}
SlurmUser=root
AuthType=auth/munge
# Slurm keeps a job that was put back waiting for as long as an old credential could still be about.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,batch_sched_delay=1
SlurmctldParameters=preempt_send_user_signal
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime={grace_s}
PartitionName={urgent} Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF
"""


def missing() -> str | None:
    """Why there can be no Slurm here; None where there can."""
    absent = [program for program in PROGRAMS if shutil.which(program, path=PATH) is None]
    if absent:
        return f"{', '.join(absent)} not installed (Debian: apt-get install slurm-wlm munge)"
    return namespaces.obstacle() or None


class SlurmCluster:
    """Submit, look, signal. Commands go to this cluster only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "SLURM_"))}
        self.environment = own | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": PATH}

    def run(self, *command: str, **environment: str) -> str:
        done = subprocess.run(
            command, env=self.environment | environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def job(self, number: str) -> dict[str, str]:
        """What the controller knows of a job."""
        words = self.run("scontrol", "show", "job", "-o", number).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def wait_until(self, what: str, holds: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
            time.sleep(0.2)


@contextlib.contextmanager
def slurm_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """A cluster of two nodes that ends with the block; what it wrote is in ``folder``."""
    controller, *ports = free_ports(1 + len(NODES))
    host = socket.gethostname().split(".")[0]
    network = namespaces.Network(NET, BRIDGE, NODES)
    nodes = [
        f"NodeName={name} NodeHostname={host} NodeAddr={address} Port={port} CPUs=4 State=UNKNOWN"
        for (name, address), port in zip(network.addresses.items(), ports, strict=True)
    ]
    settings = CONFIGURATION.format(
        host=host,
        address=network.gateway,
        controller=controller,
        folder=folder,
        grace_s=GRACE_S,
        urgent=URGENT,
        nodes="\n".join(nodes),
    )
    (folder / "slurm.conf").write_text(settings)
    (folder / "state").mkdir()
    munge = folder / "munge"
    munge.mkdir(mode=0o711)
    (munge / "key").touch(mode=0o600)
    (munge / "key").write_bytes(os.urandom(128))
    files = [f"--{name}-file={munge / name}" for name in ("key", "pid", "log", "seed")]
    cluster = SlurmCluster(folder)
    with contextlib.ExitStack() as daemons:
        daemons.callback(network.close)

        def start(*command: str) -> None:
            daemons.enter_context(_daemon(command, cluster.environment, folder / "daemons.log"))

        start("munged", "--foreground", "--force", f"--socket={munge / 'socket'}", *files)
        cluster.wait_until("munged listens", (munge / "socket").exists, READY_WITHIN_S)
        start("slurmctld", "-D")
        for name in NODES:
            start(*network.inside(name), "slurmd", "-D", "-N", name)
        idle = ["sinfo", "-h", "-p", "all", "-t", "idle", "-o", "%D"]
        cluster.wait_until("both nodes are idle", lambda: _says(cluster, idle) == str(len(NODES)), READY_WITHIN_S)
        try:
            yield cluster
        finally:
            cluster.run("scancel", "--full", "--user=root")
            cluster.wait_until("no job is left", lambda: not cluster.run("squeue", "-h"), 3 * GONE_WITHIN_S)


def _says(cluster: SlurmCluster, command: list[str]) -> str:
    try:
        return cluster.run(*command)
    except AssertionError:  # the controller is not there yet
        return ""


@contextlib.contextmanager
def _daemon(command: tuple[str, ...], environment: dict[str, str], log: Path) -> Iterator[None]:
    with open(log, "a") as output:
        # In a session of its own: a Ctrl-C at the tests must not end it before its jobs are cancelled.
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(GONE_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
