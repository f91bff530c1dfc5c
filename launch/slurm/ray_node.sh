#!/usr/bin/env bash
# One node's part of the job's Ray cluster; started by train.sbatch on every node, with start_ray.sh's arguments.
#
# It ends when Ray does, when train.sbatch leaves the file MEDICAL_TEAM_RAY_OVER, at SIGUSR2, or when who started it is
# gone: train.sbatch on the first node, Slurm on the others. Not by SIGTERM: Slurm sends that to every step of a job that
# is preempted or cancelled, and the run needs Ray to save.
set -euo pipefail
. launch/slurm/common.sh
use_environment

# Two nodes on one host keep apart. Ray's sockets lie below, and the path of a socket may be 107 signs long.
folder="${SLURM_TMPDIR:-/tmp}/ray-$SLURM_JOB_ID-$SLURMD_NODENAME"
options=("--temp-dir=$folder" "--node-ip-address=$(node_ip "$SLURMD_NODENAME")" --min-worker-port=0 --max-worker-port=0)
options+=("--num-cpus=${MEDICAL_TEAM_NODE_CPUS:-$SLURM_CPUS_ON_NODE}")
# On CPU a GPU is a number: as many as the configuration's plan asks of a node.
[[ -z "${MEDICAL_TEAM_LOGICAL_GPUS:-}" ]] || options+=("--num-gpus=$MEDICAL_TEAM_LOGICAL_GPUS")

ray_node=""
leave() {
    trap '' TERM USR2
    [[ -z "$ray_node" ]] || end_child "$ray_node"
    rm -rf "$folder"
}
trap leave EXIT
# Not '': what is ignored would be ignored by Ray's own processes, too.
trap ':' TERM
trap 'exit 0' USR2

launch/start_ray.sh "$@" "${options[@]}" &
ray_node=$!
while kill -0 "$ray_node" 2>/dev/null && [[ -d "/proc/$PPID" ]]; do
    [[ ! -e "$MEDICAL_TEAM_RAY_OVER" ]] || exit 0
    sleep 1 || true # a signal to the whole step ends it as well
done
[[ -d "/proc/$PPID" ]] || exit 143
finished "$ray_node"
