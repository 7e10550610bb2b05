there() { command -v "$1" >/dev/null 2>&1; }
# Small guests have these under another name.
if ! there sed && there busybox; then sed() { busybox sed "$@"; }; fi
if ! there base64 && there busybox; then base64() { busybox base64 "$@"; }; fi
mark() { printf '\n@@redflag:%s:%s:%s:\n' "$key" "$1" "$2"; }
held=
drop() { [ -z "$held" ] || rm -rf "$held"; held=; }
trap 'drop; mark left 0' EXIT
trap 'exit 1' HUP INT TERM
umask 077
rm -rf /dev/shm/.redflag-* /run/.redflag-* /tmp/.redflag-* /var/tmp/.redflag-* /root/.redflag-*
lines() { sed -n '/^[A-Za-z0-9+\/=]\{1,\}$/!q;p' | base64 -d; }
run() { lines | /bin/sh -s 2>&1; mark ran "$?"; }
hold() {
  for folder in /dev/shm /run /tmp /var/tmp /root; do
    set -- "$1" $(df -Pk "$folder" 2>/dev/null | tail -n 1)
    case ${5:-} in '' | *[!0-9]*) continue ;; esac
    [ "$5" -gt "$1" ] || continue
    held=$folder/.redflag-$key
    mkdir "$held" 2>/dev/null && : >"$held/payload" 2>/dev/null && break
    held=
  done
  how=plain
  ! there gzip || how=gzip
  mark held "$how $held"
}
take() { lines >>"$held/payload"; mark "took$1" "$?"; }
missing=
for tool in sed base64; do
  there "$tool" || missing="$missing $tool"
done
mark ready "$missing"
