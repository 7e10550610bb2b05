there() { command -v "$1" >/dev/null 2>&1; }
LC_ALL=C
export LC_ALL
# Small guests have it under another name.
if ! there base64 && there busybox; then base64() { busybox base64 "$@"; }; fi
mark() { printf '\n@@redflag:%s:%s:%s:\n' "$key" "$1" "$2"; }
held=
drop() { [ -z "$held" ] || rm -rf "$held"; held=; }
trap 'drop; mark left 0' EXIT
trap 'exit 1' HUP INT TERM
umask 077
rm -rf /dev/shm/.redflag-* /run/.redflag-* /tmp/.redflag-* /var/tmp/.redflag-* /root/.redflag-*
# The fast reader must not look a line ahead, as BusyBox's sed does: there would be nothing to see.
case $(sed --version 2>/dev/null) in
  'sed (GNU sed)'*) text() { sed -n '/^[A-Za-z0-9+\/=]\{1,\}$/!q;p'; } ;;
  *) text() {
    while IFS= read -r line; do
      case $line in '' | *[!A-Za-z0-9+/=]*) break ;; esac
      printf '%s\n' "$line"
    done
  } ;;
esac
lines() { text | base64 -d; }
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
there base64 || missing=base64
mark ready "$missing"
