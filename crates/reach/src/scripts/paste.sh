failed=0
[ "$(id -u)" = 0 ] || { echo "RedFlag: run this as root on the node" >&2; exit 1; }
command -v lxc-attach >/dev/null 2>&1 || { echo "RedFlag: this is no Proxmox node: lxc-attach is missing" >&2; exit 1; }
step() {
  words=$("$2" | lxc-attach -n "$1" --clear-env -- /bin/sh -s 2>&1)
  case $words in
    *"@@redflag:$key:0"*) return 0 ;;
  esac
  words=$(printf '%s\n' "$words" | grep -v '^@@redflag:' | grep . | tail -n 3 | tr '\n' ' ')
  return 1
}
guest() {
  for part in copy "configure$1" install; do
    if ! step "$1" "$part"; then
      echo "LXC $1: ${part%"$1"} did not work: $words"
      step "$1" clean
      failed=$((failed + 1))
      return
    fi
  done
  echo "LXC $1: the agent is in; it reports to RedFlag within a minute"
}
finish() {
  [ "$failed" = 0 ] || { echo "RedFlag: $failed did not work; try these again from RedFlag"; exit 1; }
}
