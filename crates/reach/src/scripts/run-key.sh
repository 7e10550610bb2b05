[ -n "${HOME:-}" ] || { echo "this account has no home folder" >&2; return 3; }
folder=$HOME/.ssh
file=$folder/authorized_keys
umask 077
if [ ! -d "$folder" ]; then
  mkdir -p "$folder" || return 4
fi
if [ -f "$file" ] && grep -qF -e "$blob" "$file"; then
  echo added=no
  return 0
fi
if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then
  printf '\n' >>"$file" || return 4
fi
printf '%s\n' "$line" >>"$file" || return 4
if [ ! -L "$file" ]; then
  chmod 0600 "$file" || return 4
fi
grep -qF -e "$blob" "$file" || { echo "the key did not stay in $file" >&2; return 5; }
echo added=yes
