#!/bin/sh
# apt-cache over one table.
F=@ROOT@/fake
T="$(printf '\t')"
echo "apt-cache $*" >> "$F/calls"
verb="$1"
shift
for name in "$@"; do
    awk -F "$T" -v name="$name" -v verb="$verb" '
        { bare = name; sub(/=.*/, "", bare); sub(/:.*/, "", bare) }
        $1 != bare { next }
        verb == "policy" {
            print $1 ":\n  Installed: " $2 "\n  Candidate: " $3 "\n  Version table:"
            print "     " $3 " 500\n        500 http://deb.example/debian bookworm/main amd64 Packages"
            print " *** " $2 " 100\n        100 /var/lib/dpkg/status"
        }
        verb == "show" {
            print "Package: " $1 "\nArchitecture: amd64\nVersion: " $3 "\nSize: " $5 "\nInstalled-Size: " $6 "\n"
        }' "$F/table"
done
exit 0
