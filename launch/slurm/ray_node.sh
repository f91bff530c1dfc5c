#!/usr/bin/env bash
# One node's part of the job's Ray cluster; started by train.sbatch on every node, with start_ray.sh's arguments.
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
    trap '' TERM INT
    [[ -z "$ray_node" ]] || end_child "$ray_node"
    rm -rf "$folder"
}
trap leave EXIT
trap 'exit 143' TERM INT

launch/start_ray.sh "$@" "${options[@]}" &
ray_node=$!
finished "$ray_node"
