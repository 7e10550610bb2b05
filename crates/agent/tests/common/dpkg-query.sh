#!/bin/sh
# dpkg-query over one table.
echo "dpkg-query" >> @ROOT@/fake/calls
exec awk -F "$(printf '\t')" -v OFS="$(printf '\t')" '
    $2 != "-" { print ($7 == "hold" ? "hi " : "ii "), $1, "amd64", $2, $6 }' @ROOT@/fake/table
