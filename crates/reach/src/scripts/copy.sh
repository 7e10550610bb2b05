agent=/usr/local/bin/redflag-agent
new=$agent.new
hash_of() {
  set -- $(sha256sum "$1" 2>/dev/null)
  echo "${1:-}"
}
command -v sha256sum >/dev/null 2>&1 || { echo "sha256sum is missing in this guest" >&2; return 3; }
command -v base64 >/dev/null 2>&1 || { echo "base64 is missing in this guest" >&2; return 3; }
rm -f "$new"
if [ "$(hash_of "$agent")" = "$expected" ]; then
  chmod 0755 "$agent" || return 4
  echo copied=no
  echo "sha256=$expected"
  return 0
fi
umask 022
mkdir -p /usr/local/bin || return 4
trap 'rm -f "$new"; exit 1' HUP INT TERM
if payload >"$new" && [ "$(hash_of "$new")" = "$expected" ] && chmod 0755 "$new" && mv -f "$new" "$agent"; then
  trap - HUP INT TERM
  echo copied=yes
  echo "sha256=$(hash_of "$agent")"
  return 0
fi
found=$(hash_of "$new")
rm -f "$new"
trap - HUP INT TERM
echo "what arrived in $new has the SHA-256 ${found:-(nothing)}, expected $expected" >&2
return 5
