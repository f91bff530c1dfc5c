"""Into a Ray cluster and out of it."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

import ray

from medical_team.backends import BACKEND_VARIABLE, Backend
from medical_team.backends.cpu import environment as cpu_environment
from medical_team.backends.cpu_ops import build_ops
from medical_team.backends.remote_code import trust_environment
from medical_team.config import Config
from medical_team.errors import MachineError, NotYetThere
from medical_team.planning.placement import Plan
from medical_team.safekeeping import NO_TELEMETRY
from medical_team.training.waiting import still_waiting

logger = logging.getLogger(__name__)

# Seconds in which a cluster that is there opens a connection.
_ANSWERS_WITHIN_S = 10

_LARGEST_PORT = 65535

# Seconds in which a wait ends once what it is for has ended.
_ENDS_WITHIN_S = 10.0


def connect(config: Config, backend: Backend, plan: Plan) -> None:
    """Join the configured cluster, or start one on this host; every worker gets the backend's environment.

    Raises:
        MachineError: The address is none, or the cluster has too few GPUs.
        NotYetThere: No cluster answers at the address.
    """
    variables = {BACKEND_VARIABLE: backend, "RAY_ENABLE_ZERO_COPY_TORCH_TENSORS": "1"}
    variables |= NO_TELEMETRY | trust_environment(config.model.trust_remote_code)
    if backend == "cpu":
        build_ops()
        variables |= cpu_environment(config.cluster.threads, config.vllm.kv_cache_gb)
    options: dict[str, Any] = {
        "runtime_env": {"env_vars": variables},
        "log_to_driver": False,
        "logging_level": logging.WARNING,
    }
    address = config.cluster.address or os.environ.get("RAY_ADDRESS")
    if address:
        _join(address, options)
    else:
        _start(config, backend, plan, options)
    plan.check_fits(ray.cluster_resources().get("GPU", 0))


def _join(address: str, options: dict[str, Any]) -> None:
    try:
        _knock(address)
        ray.init(address=address, **options)
    except (OSError, RuntimeError, ValueError) as error:
        # Ray's RuntimeError is of what stays as it is: another version of itself, say.
        kind = NotYetThere if isinstance(error, OSError) else MachineError
        raise kind(
            f"no Ray cluster answers at {address} ({str(error).splitlines()[0]}): start one with launch/start_ray.sh, "
            "or leave cluster.address (RAY_ADDRESS) out to have one started here"
        ) from None


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at ``host:port``, for which Ray would knock twelve minutes.

    ValueError for a port that is none: some resolvers take it for another one.
    """
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "//" not in host:
        if int(port) > _LARGEST_PORT:
            raise ValueError(f"there is no port {port}")
        socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN_S).close()


def _start(config: Config, backend: Backend, plan: Plan, options: dict[str, Any]) -> None:
    port = config.cluster.dashboard_port
    if port is not None:
        options |= {"dashboard_host": "127.0.0.1", "dashboard_port": port}
    # On CPU a GPU is a place in the plan; on GPU Ray counts the real ones.
    resources = {"num_gpus": plan.gpus, "num_cpus": plan.cpus} if backend == "cpu" else {}
    ray.init(include_dashboard=port is not None, **resources, **options)


def leave() -> None:
    """Leave the cluster, and end the one that was started here.

    The run's actors must have ended: no wait for one ends before.
    A thread that still waits in Ray for a phase that was given up would crash the process: what it uses is gone.
    """
    waiting = still_waiting(_ENDS_WITHIN_S)
    if waiting:
        logger.warning("still waiting in Ray after the end: %s", ", ".join(waiting))
    ray.shutdown()
