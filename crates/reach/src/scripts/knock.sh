command -v bash >/dev/null 2>&1 || { echo "bash is not installed on this node" >&2; return 127; }
command -v timeout >/dev/null 2>&1 || { echo "timeout is not installed on this node" >&2; return 127; }
rest=$endpoints,
while [ -n "$rest" ]; do
  one=${rest%%,*}
  rest=${rest#*,}
  set -- $one
  [ $# = 3 ] || continue
  words=$(timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3" 2>&1)
  status=$?
  words=${words##*: }
  case $status:$words in
    0:*) word=answers words= ;;
    124:*) word=silent ;;
    *:*refused*) word=refused ;;
    *:*"timed out"*) word=silent ;;
    *:*route*|*:*unreachable*) word=no-route ;;
    *) word=failed ;;
  esac
  echo "way=$1 $word $words"
done
return 0
