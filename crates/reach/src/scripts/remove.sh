agent=/usr/local/bin/redflag-agent
# The agent knows best what it has put where; what a damaged one leaves is taken away after it.
if [ -x "$agent" ]; then
  "$agent" uninstall >&2 || {
    status=$?
    # 8: it is at work, and the work must not be cut off.
    [ "$status" -ne 8 ] || return 8
  }
fi
unit=/etc/systemd/system/redflag-agent.service
if [ -e "$unit" ]; then
  systemctl disable --now redflag-agent.service >/dev/null 2>&1
  rm -f "$unit"
  systemctl daemon-reload >/dev/null 2>&1
fi
if [ -e /etc/init.d/redflag-agent ]; then
  rc-service redflag-agent stop >/dev/null 2>&1
  rc-update del redflag-agent >/dev/null 2>&1
  rm -f /etc/init.d/redflag-agent
fi
rm -f "$agent" "$agent.new" "$agent.previous"
rm -rf /etc/redflag-agent /var/lib/redflag-agent /run/redflag-agent
for left in "$agent" "$unit" /etc/redflag-agent /var/lib/redflag-agent; do
  [ ! -e "$left" ] || { echo "$left cannot be removed" >&2; return 5; }
done
echo removed=yes
