command -v lxc-attach >/dev/null 2>&1 || { echo "lxc-attach is not installed on this node" >&2; return 127; }
[ "$(id -u)" = 0 ] || { echo "$(id -un) is not root on this node" >&2; return 126; }
lxc-ls --running -1
