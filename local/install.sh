#!/bin/sh
# Make .venv with every pinned package and ours: by uv if it is there or can be had, else by venv and pip.
# PYTHON names the interpreter; run from the root of the repository.
set -eu

python=${PYTHON:-python3}
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH VIRTUAL_ENV || true

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

command -v "$python" >/dev/null 2>&1 || fail "$python is not there: install Python 3.11 or newer, or name one: make install PYTHON=python3.12"
is_recent "$python" ||
    fail "$("$python" --version 2>&1) is too old: Python 3.11 or newer is needed; name one: make install PYTHON=python3.12"

# A command of that name may be a shim that leads nowhere.
uv=
if uv --version >/dev/null 2>&1; then uv=uv; fi

if ! is_recent .venv/bin/python; then
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    if [ -n "$uv" ]; then
        UV_PYTHON_DOWNLOADS=never uv venv --quiet --python "$(command -v "$python")" .venv
    elif ! "$python" -m venv .venv >.venv.log 2>&1; then
        # Some systems ship Python without ensurepip; a pip of the system can still fetch uv, which needs none.
        rm -rf .venv
        "$python" -m venv --without-pip .venv >>.venv.log 2>&1 &&
            "$python" -m pip install --quiet --target .venv/uv uv >>.venv.log 2>&1 ||
            { cat .venv.log >&2; rm -rf .venv .venv.log; fail "$python cannot make an environment: install its venv module (Debian: apt install python3-venv), or install uv"; }
    fi
    rm -f .venv.log
fi

if [ -z "$uv" ]; then
    if [ -x .venv/uv/bin/uv ]; then
        uv=.venv/uv/bin/uv
    elif [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null; then
        uv=.venv/bin/uv
    fi
fi

# Compiled now, or each Airflow process would compile again: 5 seconds instead of 2 for every start.
if [ -n "$uv" ]; then
    echo "Installing packages with $("$uv" --version)"
    "$uv" pip install --quiet --python .venv/bin/python --compile-bytecode -r requirements.txt -r requirements-dev.txt
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --editable .
else
    echo "Installing packages with $(.venv/bin/python -m pip --version | cut -d ' ' -f 1-2)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
fi
