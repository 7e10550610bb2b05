agent=/usr/local/bin/redflag-agent
folder=${agent%/*}
new=$agent.new
there() { command -v "$1" >/dev/null 2>&1; }
# Small guests have these under other names, or not at all.
if ! there base64 && there busybox; then
  base64() { busybox base64 "$@"; }
fi
if ! there sha256sum; then
  if there busybox && busybox sha256sum </dev/null >/dev/null 2>&1; then
    sha256sum() { busybox sha256sum "$@"; }
  elif there openssl; then
    sha256sum() { openssl dgst -sha256 -r "$1"; }
  fi
fi
hash_of() {
  set -- $(sha256sum "$1" 2>/dev/null)
  echo "${1:-}"
}
free_at() {
  set -- $(df -Pk "$1" 2>/dev/null | tail -n 1)
  case ${4:-} in
    ''|*[!0-9]*) ;;
    *) echo $(($4 * 1024)) ;;
  esac
}
arch=$(uname -m)
if [ "${for_arch:-$arch}" != "$arch" ]; then
  echo "this LXC is $arch and the agent is for $for_arch; nothing was copied" >&2
  return 6
fi
there sha256sum || { echo "sha256sum is missing in this LXC: install coreutils or busybox, then try again" >&2; return 3; }
there base64 || { echo "base64 is missing in this LXC: install coreutils or busybox, then try again" >&2; return 3; }
rm -f "$new" 2>/dev/null
if [ "$(hash_of "$agent")" = "$expected" ]; then
  [ -x "$agent" ] || chmod 0755 "$agent" || return 4
  echo copied=no
  echo "sha256=$expected"
  return 0
fi
umask 022
made=
if [ ! -d "$folder" ]; then
  mkdir -p "$folder" || { echo "$folder cannot be made in this LXC; nothing was copied" >&2; return 4; }
  made=yes
fi
undo() {
  rm -f "$new" 2>/dev/null
  [ -z "$made" ] || rmdir "$folder" 2>/dev/null
}
if ! words=$( (: >"$new") 2>&1 ); then
  undo
  free=$(free_at "$folder")
  echo "cannot create $new: ${words##*: } (${free:-unknown} bytes free there). If its file system is read-only, mount it writable; if it is full, make room inside the LXC or enlarge its disk. Then try again; nothing was left behind" >&2
  return 7
fi
free=$(free_at "$folder")
need=${size:-0}
if [ -n "$free" ] && [ "$free" -lt "$need" ]; then
  undo
  echo "cannot write $new: $need bytes are needed and $free are free there. Make room inside the LXC or enlarge its disk, then try again; nothing was left behind" >&2
  return 8
fi
trap 'undo; exit 1' HUP INT TERM
if payload >"$new" && [ "$(hash_of "$new")" = "$expected" ] && chmod 0755 "$new" && mv -f "$new" "$agent"; then
  trap - HUP INT TERM
  echo copied=yes
  echo "sha256=$(hash_of "$agent")"
  return 0
fi
found=$(hash_of "$new")
free=$(free_at "$folder")
undo
trap - HUP INT TERM
if [ -n "$free" ] && [ "$free" -lt 65536 ]; then
  echo "cannot write $new: the disk is full ($free bytes free there). Make room inside the LXC or enlarge its disk, then try again; nothing was left behind" >&2
  return 8
fi
echo "what arrived in $new has the SHA-256 ${found:-(nothing)}, expected $expected; nothing was left behind" >&2
return 5
