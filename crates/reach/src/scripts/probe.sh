echo "arch=$(uname -m)"
if [ -d /run/systemd/system ]; then
  echo init=systemd
elif [ -d /run/openrc ] || [ -x /sbin/openrc-run ]; then
  echo init=openrc
else
  echo init=none
fi
if [ -r /etc/os-release ]; then
  echo "os=$(. /etc/os-release; echo "${ID:-}")"
fi
echo "uid=$(id -u)"
place=/usr/local
[ -d "$place" ] || place=/
set -- $(df -Pk "$place" 2>/dev/null | tail -n 1)
case ${4:-} in
  ''|*[!0-9]*) ;;
  *) echo "free=$(($4 * 1024))" ;;
esac
agent=/usr/local/bin/redflag-agent
if [ -x "$agent" ]; then
  if command -v timeout >/dev/null 2>&1; then
    set -- $(timeout 5 "$agent" --version 2>/dev/null)
  else
    set -- $("$agent" --version 2>/dev/null)
  fi
  echo "agent=${2:-${1:-}}"
  if [ -s /etc/redflag-agent/config.json ] && [ -s /var/lib/redflag-agent/certificate.pem ]; then
    echo configured=yes
  else
    echo configured=no
  fi
fi
return 0
