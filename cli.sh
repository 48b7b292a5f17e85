#!/usr/bin/env bash
# Stages changes in the control plane and commits them: one REST call a command.
set -u

api=${API:-127.0.0.1:8000}

usage() {
  cat <<'TEXT'
Usage:
  cli.sh cluster add NAME URL_PREFIX
  cli.sh cluster remove NAME
  cli.sh endpoint add CLUSTER IP PORT
  cli.sh endpoint remove CLUSTER IP PORT
  cli.sh commit

Changes are staged until `commit` publishes them.
API=host:port in the environment names the control plane (127.0.0.1:8000); with TLS https://host:port.
TEXT
}

fail() {
  printf 'cli.sh: %s\n' "$1" >&2
  exit 1
}

# Prints $1 as a JSON string. Byte by byte in the C locale, so that only what
# JSON wants escaped is touched, and UTF-8 passes as it is.
json_string() {
  local LC_ALL=C text=$1 json='' char i
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $char in
      [\"\\]) json+="\\$char" ;;
      [[:cntrl:]]) printf -v char '\\u%04x' "'$char" && json+=$char ;;
      *) json+=$char ;;
    esac
  done
  printf '"%s"' "$json"
}

# Prints $1 as a JSON number, or else as a string, which the control plane refuses and says why.
json_port() {
  if [[ $1 =~ ^(0|[1-9][0-9]*)$ ]]; then printf '%s' "$1"; else json_string "$1"; fi
}

endpoint_json() {
  printf '{"cluster":%s,"ipaddress":%s,"port":%s}' "$(json_string "$1")" "$(json_string "$2")" "$(json_port "$3")"
}

# call METHOD PATH [JSON]: prints the answer, headers included; fails unless its status is 200.
call() {
  local method=$1 url=$api/api/v1/$2 answer code=0
  [[ $url == http*://* ]] || url=http://$url
  shift 2
  (($# == 0)) || set -- -H 'Content-Type: application/json' -d "$1"
  command -v curl >/dev/null || fail 'curl is not installed'
  # The status comes once more behind the answer, so that nothing in the answer is taken for it.
  answer=$(curl --disable --silent --noproxy '*' --write-out '%{http_code}' -i \
    -X "$method" "$@" "$url") || code=$?
  printf '%s' "${answer%???}"
  ((code == 0)) || fail "no answer from the control plane at $api (curl: error $code)"
  [[ ${answer: -3} == 200 ]] || fail "the control plane answered ${answer: -3}"
}

case "$#:${1-}:${2-}" in
  4:cluster:add) call POST cluster "{\"name\":$(json_string "$3"),\"prefix\":$(json_string "$4")}" ;;
  3:cluster:remove) call DELETE cluster "{\"name\":$(json_string "$3")}" ;;
  5:endpoint:add) call POST endpoint "$(endpoint_json "${@:3}")" ;;
  5:endpoint:remove) call DELETE endpoint "$(endpoint_json "${@:3}")" ;;
  1:commit:) call POST commit ;;
  1:--help: | 1:-h:) usage ;;
  *)
    usage
    exit 1
    ;;
esac
