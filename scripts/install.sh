#!/usr/bin/env bash
# Makes .venv from requirements/cpu.txt. Does nothing when that lock is already installed, so it can be called often.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly venv="${VENV:-$PWD/.venv}"
readonly python="${PYTHON:-python3.11}"
# PyTorch's own index of CPU wheels, for machines where pip's usual places do not have one.
readonly torch_index="https://download.pytorch.org/whl/cpu"

stop() {
    echo "install: $1" >&2
    exit 2
}

fingerprint="$(cat scripts/install.sh setup.py requirements/cpu.txt requirements/torch-cpu.txt | sha256sum | cut -d' ' -f1)"
readonly stamp="$venv/.installed-$fingerprint"
if [[ -f "$stamp" ]]; then
    exit 0
fi

command -v "$python" >/dev/null || stop "$python not found; install Python 3.11 (Debian: apt-get install python3.11 python3.11-venv python3.11-dev) or set PYTHON."
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || stop "$python is not Python 3.11, which the lock is made for; set PYTHON to one."
"$python" -c 'import ensurepip, venv' 2>/dev/null || stop "$python cannot make virtual environments; install python3.11-venv."
"$python" -c 'import pathlib, sysconfig, sys; sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())' \
    || stop "Python.h not found; install python3.11-dev (DeepSpeed compiles its CPU operations)."
command -v g++ >/dev/null || stop "g++ not found; install a C++ compiler (Debian: apt-get install g++)."

echo "install: into $venv, three to five minutes and 3.5 GB the first time"
rm -f "$venv"/.installed-*
[[ -x "$venv/bin/python" ]] || "$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --no-deps)

"${pip[@]}" -r requirements/torch-cpu.txt 2>/dev/null \
    || "${pip[@]}" -r requirements/torch-cpu.txt --index-url "$torch_index" \
    || stop "no $(cat requirements/torch-cpu.txt) wheel where pip looks, nor at $torch_index."
# DeepSpeed comes as source: it would look for CUDA, and builds in an environment of its own only.
DS_ACCELERATOR=cpu "${pip[@]}" --use-pep517 --require-hashes -r requirements/cpu.txt
"${pip[@]}" --no-build-isolation --editable .
# DeepSpeed compiles its CPU operations at first use, which would cost the first run a minute. They are kept in the
# environment and made anew with it: the lock of a compiler that was killed makes all later processes wait for ever.
export TORCH_EXTENSIONS_DIR="$venv/torch_extensions"
rm -rf "$TORCH_EXTENSIONS_DIR"
echo "install: compiling DeepSpeed's CPU operations"
log="$venv/deepspeed-build.log"
DS_ACCELERATOR=cpu PATH="$venv/bin:$PATH" "$venv/bin/python" >"$log" 2>&1 <<'EOF' || stop "DeepSpeed's CPU operations do not compile; see $log."
from deepspeed.accelerator import get_accelerator

for name in ("ShareMemCommBuilder", "FusedAdamBuilder"):
    get_accelerator().create_op_builder(name).load()
EOF
touch "$stamp"
