folder=/etc/redflag-agent
file=$folder/bootstrap.json
umask 077
made=
if [ ! -d "$folder" ]; then
  mkdir -p "$folder" || { echo "$folder cannot be made in this LXC: see whether its disk is full or read-only" >&2; return 4; }
  made=yes
  chmod 0755 "$folder" || return 4
fi
rm -f "$file.new"
if payload >"$file.new" && chmod 0600 "$file.new" && mv -f "$file.new" "$file"; then
  return 0
fi
rm -f "$file.new"
set -- $(df -Pk "$folder" 2>/dev/null | tail -n 1)
[ -z "$made" ] || rmdir "$folder" 2>/dev/null
echo "cannot write $file (${4:-unknown} KB free there): see whether the LXC's disk is full or read-only, then try again; nothing was left behind" >&2
return 5
