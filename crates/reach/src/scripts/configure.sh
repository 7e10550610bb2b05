folder=/etc/redflag-agent
umask 077
if [ ! -d "$folder" ]; then
  mkdir -p "$folder" || return 4
  chmod 0755 "$folder" || return 4
fi
rm -f "$folder/bootstrap.json.new"
if payload >"$folder/bootstrap.json.new" && chmod 0600 "$folder/bootstrap.json.new" &&
  mv -f "$folder/bootstrap.json.new" "$folder/bootstrap.json"; then
  return 0
fi
rm -f "$folder/bootstrap.json.new"
return 5
