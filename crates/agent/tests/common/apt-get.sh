#!/bin/sh
# apt-get over one table. Columns: package, installed, candidate, source, size, disk, hold.
F=@ROOT@/fake
T="$(printf '\t')"
echo "apt-get $*" >> "$F/calls"
simulate= download= only= verb= fd= wanted=
for word in "$@"; do
    case "$word" in
        -s) simulate=1 ;;
        --download-only) download=1 ;;
        --only-upgrade) only=1 ;;
        APT::Status-Fd=*) fd="${word#*=}" ;;
        update | upgrade | dist-upgrade | install | indextargets) verb="$word" ;;
        -* | *::*) ;;
        *) wanted="$wanted $word" ;;
    esac
done
status() { [ -z "$fd" ] || eval "echo \"\$1\" >&$fd"; }
wait_for() { while [ -e "$F/$1" ]; do sleep 0.05; done; }

if [ "$verb" = indextargets ]; then
    echo "http://deb.example/debian/ bookworm"
    exit 0
fi
if [ "$verb" = update ]; then
    if [ -e "$F/update-fails" ]; then cat "$F/update-fails"; exit 100; fi
    echo "Hit:1 http://deb.example/debian bookworm InRelease"
    status "dlstatus:1:50.0:Retrieving file 1 of 1"
    echo "Reading package lists..."
    [ -e "$F/update-words" ] && cat "$F/update-words" && exit 100
    exit 0
fi
if [ -n "$simulate" ]; then
    if [ -e "$F/simulation-fails" ]; then cat "$F/simulation-fails" >&2; exit 100; fi
    echo "Reading package lists..."
    echo "Calculating upgrade..."
    awk -F "$T" -v wanted="$wanted " -v verb="$verb" '
        function chosen() { return verb == "dist-upgrade" || (verb == "upgrade" && $3 != "-") || index(wanted, " " $1 ":amd64=" $3 " ") }
        $2 == $3 { next }
        $7 == "hold" { kept = kept " " $1; n_kept++; next }
        !chosen() { next }
        $3 == "-" { gone = gone "Remv " $1 " [" $2 "]\n"; n_gone++; next }
        $2 == "-" { inst = inst "Inst " $1 " (" $3 " " $4 " [amd64])\n"; n_new++; next }
        { inst = inst "Inst " $1 " [" $2 "] (" $3 " " $4 " [amd64])\n"; n_up++ }
        END {
            if (kept) print "The following packages have been kept back:\n " kept
            printf "%d upgraded, %d newly installed, %d to remove and %d not upgraded.\n", n_up, n_new, n_gone, n_kept
            printf "%s%s", gone, inst
        }' "$F/table"
    exit 0
fi
if [ -n "$download" ]; then
    status "dlstatus:1:10.0:Retrieving file 1 of 1"
    touch "$F/downloading"
    wait_for block-download
    echo "Get:1 http://joe:pa55word@deb.example/debian bookworm/main amd64 x all 1.1 [1,000 B]"
    status "dlstatus:1:100.0:Retrieving file 1 of 1"
    exit 0
fi
touch "$F/applying"
status "pmstatus:x:10.0:Preparing"
wait_for block-apply
if [ -e "$F/apply-fails" ]; then cat "$F/apply-fails"; exit 100; fi
awk -F "$T" -v OFS="$T" -v wanted="$wanted " -v verb="$verb" '
    function chosen() { return verb == "dist-upgrade" || (verb == "upgrade" && $3 != "-") || index(wanted, " " $1 ":amd64=" $3 " ") }
    $7 != "hold" && $2 != $3 && chosen() { $2 = $3 }
    { print }' "$F/table" > "$F/table.new"
mv "$F/table.new" "$F/table"
write-status
[ -e "$F/leave-conffile" ] && echo new > @ROOT@/etc/x.conf.dpkg-dist
status "pmstatus:x:100.0:Installed x"
echo "Setting up x (1.1) ..."
exit 0
