agent=/usr/local/bin/redflag-agent
[ -x "$agent" ] || { echo "$agent is not there" >&2; return 127; }
if [ -d /run/systemd/system ]; then
  systemctl reset-failed redflag-agent.service >/dev/null 2>&1
  systemctl restart redflag-agent.service
elif command -v rc-service >/dev/null 2>&1 && [ -e /etc/init.d/redflag-agent ]; then
  rc-service redflag-agent restart
else
  "$agent" restart
fi
