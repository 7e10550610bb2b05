agent=/usr/local/bin/redflag-agent
rm -f /etc/redflag-agent/bootstrap.json /etc/redflag-agent/bootstrap.json.new "$agent.new"
if [ -s /var/lib/redflag-agent/certificate.pem ]; then
  echo enrolled=yes
  return 0
fi
if [ -x "$agent" ]; then
  "$agent" uninstall >/dev/null 2>&1
fi
# What an agent that cannot run leaves.
unit=/etc/systemd/system/redflag-agent.service
if [ -e "$unit" ]; then
  systemctl disable --now redflag-agent.service >/dev/null 2>&1
  rm -f "$unit"
  systemctl daemon-reload >/dev/null 2>&1
fi
script=/etc/init.d/redflag-agent
if [ -e "$script" ]; then
  rc-service redflag-agent stop >/dev/null 2>&1
  rc-update --all delete redflag-agent >/dev/null 2>&1
  rm -f "$script"
fi
if [ -s /run/redflag-agent/supervisor.pid ]; then
  kill "$(cat /run/redflag-agent/supervisor.pid)" 2>/dev/null
fi
rm -f "$agent" "$agent.previous"
rm -rf /etc/redflag-agent /var/lib/redflag-agent /run/redflag-agent
echo enrolled=no
