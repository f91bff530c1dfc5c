#!/usr/bin/env bash
# Start this host's part of a Ray cluster, with token authentication, and stay until it ends.
#
#   launch/start_ray.sh head [OPTION of `ray start` ...]
#   launch/start_ray.sh worker HOST:PORT [OPTION of `ray start` ...]
#
# The token is in the file RAY_AUTH_TOKEN_PATH (~/.ray/auth_token by default). The head makes it where there is none;
# workers, and whoever submits, need the same file, readable by its owner only. The dashboard listens on loopback.
# The other ports are open to every interface of the host, guarded by the token: keep them inside the cluster's network.
set -euo pipefail

complain() {
    echo "start_ray.sh: $1" >&2
    exit 2
}

case "${1:-}" in
    head) shift ;;
    worker)
        [[ $# -ge 2 ]] || complain "worker needs the head's address, HOST:PORT"
        address=$2
        shift 2
        ;;
    *) complain "say head or worker HOST:PORT; see the top of this file" ;;
esac

export RAY_AUTH_MODE=token
export RAY_AUTH_TOKEN_PATH="${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}"
if [[ ! -e "$RAY_AUTH_TOKEN_PATH" ]]; then
    [[ -z "${address:-}" ]] || complain "no token at $RAY_AUTH_TOKEN_PATH: copy the head's, and chmod 600 it"
    mkdir -p "$(dirname "$RAY_AUTH_TOKEN_PATH")"
    (umask 077 && python -c 'import secrets; print(secrets.token_hex(32), end="")' >"$RAY_AUTH_TOKEN_PATH")
fi
mode=$(stat -c %a "$RAY_AUTH_TOKEN_PATH")
[[ "$mode" =~ ^[46]00$ ]] || complain "$RAY_AUTH_TOKEN_PATH can be read by others (mode $mode): chmod 600 it"

options=(--block --disable-usage-stats)
if [[ -n "${address:-}" ]]; then
    options+=("--address=$address")
else
    options+=(--head --dashboard-host=127.0.0.1)
fi
exec ray start "${options[@]}" "$@"
