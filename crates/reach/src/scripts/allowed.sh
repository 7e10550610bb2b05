sudo -n -l pct exec 100 -- /bin/sh -s
