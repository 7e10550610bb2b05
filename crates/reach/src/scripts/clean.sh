agent=/usr/local/bin/redflag-agent
rm -f /etc/redflag-agent/bootstrap.json /etc/redflag-agent/bootstrap.json.new "$agent.new"
if [ -s /var/lib/redflag-agent/certificate.pem ]; then
  echo enrolled=yes
  return 0
fi
if [ -x "$agent" ]; then
  "$agent" uninstall >/dev/null 2>&1
fi
unit=/etc/systemd/system/redflag-agent.service
if [ -e "$unit" ]; then
  systemctl disable --now redflag-agent.service >/dev/null 2>&1
  rm -f "$unit"
  systemctl daemon-reload >/dev/null 2>&1
fi
rm -f "$agent"
rm -rf /etc/redflag-agent /var/lib/redflag-agent
echo enrolled=no
