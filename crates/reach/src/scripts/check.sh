agent=/usr/local/bin/redflag-agent
[ -x "$agent" ] || { echo "$agent is not there" >&2; return 127; }
# It ends with status 1 where no address answers, which is what was asked.
"$agent" check
[ $? -le 1 ]
