# shellcheck shell=bash
# What the batch scripts share; sourced in the repository's root.

# The environment that `make install` made, or whichever is on PATH.
use_environment() {
    local activate="${VIRTUAL_ENV:-.venv}/bin/activate"
    # shellcheck disable=SC1090
    [[ ! -f "$activate" ]] || . "$activate"
    export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
}

# node_ip NAME: the address by which the cluster's hosts reach a node. MEDICAL_TEAM_NODE_NETWORK, a prefix such as
# "10.1.", chooses among this host's addresses where the name leads to loopback, as Debian's /etc/hosts makes it.
node_ip() {
    local address ip
    address=$(scontrol show node -o "$1" | sed -n 's/.* NodeAddr=\([^ ]*\).*/\1/p')
    ip=$(getent ahostsv4 "$address" | awk 'NR == 1 { print $1 }')
    if [[ "$ip" == 127.* && "$address" != "$ip" ]]; then
        ip=$(hostname -I | tr ' ' '\n' | grep -m1 "^${MEDICAL_TEAM_NODE_NETWORK:-[0-9]}")
    fi
    [[ -n "$ip" ]] || { echo "Slurm's node $1 has no IPv4 address ($address)" >&2; return 2; }
    echo "$ip"
}

# job_end: when Slurm ends the job, in seconds since 1970; nothing for a job without a limit, and where Slurm does not
# say. A controller that is restarted is asked again; an end that is past is no answer: this runs in the job.
job_end() {
    local end="" seconds again
    for again in 5 5 5 0; do
        end=$(SLURM_TIME_FORMAT=standard timeout 30 squeue -h -j "$SLURM_JOB_ID" -o %e) || end=""
        [[ "$end" != NONE && "$end" != N/A ]] || return 0
        if [[ "$end" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+$ ]]; then
            seconds=$(date -d "$end" +%s) || seconds=0
            if ((seconds > $(date +%s))); then
                echo "$seconds"
                return 0
            fi
        fi
        sleep "$again"
    done
    echo "Slurm does not say when job $SLURM_JOB_ID ends (its answer: '$end'): the run does not know it" >&2
}

# finished PID: wait for a child, however many signals come in between; its exit code.
finished() {
    local code last
    while :; do
        code=0
        wait "$1" || code=$?
        kill -0 "$1" 2>/dev/null || break
    done
    # A signal that came with the child's end gave the signal's code; the child's own is still to be had then.
    last=0
    wait "$1" 2>/dev/null || last=$?
    [[ $last -eq 127 ]] || code=$last
    return "$code"
}

# end_child PID: ask a child to end, and see to it that it does.
end_child() {
    kill "$1" 2>/dev/null || return 0
    timeout 30 tail --pid="$1" -f /dev/null || kill -KILL "$1" 2>/dev/null || true
    finished "$1" || true
}

# put_back: into the queue; Slurm then ends this attempt.
put_back() {
    scontrol requeue "$SLURM_JOB_ID" || { echo "Slurm does not put job $SLURM_JOB_ID back" >&2; exit 75; }
    exit 75
}
