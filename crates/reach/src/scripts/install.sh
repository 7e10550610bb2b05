agent=/usr/local/bin/redflag-agent
[ -x "$agent" ] || { echo "$agent is not there" >&2; return 127; }
if [ "${take_over:-no}" = yes ]; then
  "$agent" install --take-over
else
  "$agent" install
fi
