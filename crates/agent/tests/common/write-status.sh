#!/bin/sh
# dpkg's own file, from the table. After an interrupted run the first package is left half configured.
D=@ROOT@/var/lib/dpkg
audit=
[ -e @ROOT@/fake/audit ] && audit=1
awk -F "$(printf '\t')" -v audit="$audit" '
    $2 != "-" {
        state = (audit && !n++) ? "half-configured" : "installed"
        want = ($7 == "hold") ? "hold" : "install"
        print "Package: " $1 "\nStatus: " want " ok " state "\nInstalled-Size: " $6
        print "Architecture: amd64\nVersion: " $2 "\nDescription: one of the table\n and no more\n"
    }' @ROOT@/fake/table > "$D/status-new"
mv "$D/status-new" "$D/status"
