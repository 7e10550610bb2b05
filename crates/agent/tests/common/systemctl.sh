#!/bin/sh
# systemctl: notes what it is asked; services are as the test wrote them.
F=@ROOT@/fake
echo "systemctl $*" >> "$F/calls"
case "$1" in
    list-units) [ -e "$F/running" ] && sed 's/$/ loaded active running x/' "$F/running" ;;
    is-active)
        shift
        for unit in "$@"; do
            [ "$unit" = -- ] && continue
            if [ -e "$F/died" ] && grep -qx "$unit" "$F/died"; then echo failed; else echo active; fi
        done
        ;;
    restart) if [ -e "$F/restart-fails" ]; then cat "$F/restart-fails" >&2; exit 1; fi ;;
esac
exit 0
