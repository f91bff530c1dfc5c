#!/usr/bin/env bash
# Train on a Ray cluster that is already there, and follow the run.
#
#   launch/submit.sh --config configs/one_node_8gpu.yaml run.dir=/shared/runs key=value ...
#   launch/submit.sh status|logs|stop ID
#
# Arguments are launch/train_ppo_ray.py's. The job gets this repository's code and configurations, and the file given
# with --config, wherever it lies; nothing else, and nothing of this shell's environment. Everything else it reads or
# writes (models, notes, run.dir) is named by paths of the cluster.
#
# RAY_API_SERVER_ADDRESS   the cluster's dashboard, http://127.0.0.1:8265 by default
# RAY_AUTH_TOKEN_PATH      file with the cluster's token, ~/.ray/auth_token by default (see launch/start_ray.sh)
# JOB_ID                   the job's name; made up when not given
# STOP_WAIT_S              seconds that a run may take to save when it is stopped, 900 by default
#
# Ends with the job, and with its exit code: 0 done, 75 saved or not begun, as its judge was away (submit it again with
# run.resume=auto), 2 bad input, 1 failed. The last line is the run's own reason.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export RAY_AUTH_MODE=token
export RAY_AUTH_TOKEN_PATH="${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}"
export RAY_API_SERVER_ADDRESS="${RAY_API_SERVER_ADDRESS:-http://127.0.0.1:8265}"
# `ray job` would take the other address of the two.
unset RAY_ADDRESS

complain() {
    echo "submit.sh: $1" >&2
    exit 2
}

case "${1:-}" in
    status | logs | stop)
        [[ $# -eq 2 ]] || complain "$1 needs the job's ID, and nothing else"
        [[ "$1" != logs ]] || exec ray job logs --follow "$2"
        exec ray job "$1" "$2"
        ;;
    "" | -h | --help)
        sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
        exit 0
        ;;
esac

[[ -r "$RAY_AUTH_TOKEN_PATH" ]] || complain "no token at $RAY_AUTH_TOKEN_PATH: copy the one that the cluster was started with"
parcel=$(mktemp -d)
trap 'rm -rf "$parcel"' EXIT
(cd "$root" && find launch medical_team configs -type f -not -path '*/__pycache__/*' -exec cp --parents -t "$parcel" {} +)

arguments=()
while [[ $# -gt 0 ]]; do
    case "$1" in
        --config)
            [[ -f "${2:-}" ]] || complain "--config ${2:-}: there is no such file"
            cp "$2" "$parcel/config.yaml"
            arguments+=(--config config.yaml)
            shift
            ;;
        --config=*) complain "write --config FILE, with a blank" ;;
        *) arguments+=("$1") ;;
    esac
    shift
done

id=${JOB_ID:-train-$(date +%Y%m%d-%H%M%S)-$$}
environment=$(printf '{"env_vars": {"PYTHONUNBUFFERED": "1", "RAY_JOB_STOP_WAIT_TIME_S": "%d"}}' "${STOP_WAIT_S:-900}")
ray job submit --no-wait --submission-id "$id" --working-dir "$parcel" --runtime-env-json "$environment" \
    -- python launch/train_ppo_ray.py "${arguments[@]}"
ray job logs --follow "$id" || true
# Not exec: a shell that another program replaces runs no trap.
python "$root/launch/job_outcome.py" "$id"
