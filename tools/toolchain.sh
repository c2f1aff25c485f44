# Finds what the other scripts stand on: Python and uv. Sourced from the project folder, never run.

version=$(cat .python-version)

say() { printf '%s\n' "$@" >&2; }

fail() {
    say "" "$@"
    exit 1
}

runs() { "$@" >/dev/null 2>&1; }

# Prints a uv that really runs: a pyenv shim may be there and fail.
find_uv() {
    for candidate in uv "$PWD/.relevo/uv/bin/uv"; do
        if runs "$candidate" --version; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

# Installs a uv of our own beside the project, for who has none, and prints it.
fetch_uv() {
    say "Fetching uv into .relevo/uv ..."
    for candidate in python3 python; do
        rm -rf .relevo/uv
        runs "$candidate" -m venv .relevo/uv || continue
        .relevo/uv/bin/python -m pip install --quiet --disable-pip-version-check uv >&2 && find_uv && return
    done
    return 1
}

# Prints the first Python of the wanted version that can make environments.
# It prints the base interpreter: the candidate may be a shim, or live in the .venv that is about to be remade.
find_python() {
    for candidate in "python$version" "$(pyenv prefix "$version" 2>/dev/null)/bin/python" \
        "$(uv python find --system "$version" 2>/dev/null)" python3 python; do
        "$candidate" -c "
import sys, venv, ensurepip
fits = sys.implementation.name == 'cpython' and '%d.%d' % sys.version_info[:2] == '$version'
sys.exit(print(sys.base_prefix + '/bin/python$version') if fits else 1)" 2>/dev/null && return
    done
    return 1
}
