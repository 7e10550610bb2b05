#!/bin/sh
# Takes pictures of the gallery's scenes: shoot.sh OUT_DIR SCENE… (all themes and sizes). Needs Debian's chromium.
set -eu
out=$1
shift
mkdir -p "$out"
port=${PORT:-4199}
node_modules/.bin/vite preview --config tests/gallery/vite.config.ts --port "$port" --strictPort >"$out/preview.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
until curl -sf "http://localhost:$port/" >/dev/null; do sleep 0.2; done
for scene in "$@"; do
  for theme in ${THEMES:-dark light}; do
    for size in ${SIZES:-1440,900 1100,700}; do
      chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --window-size="$size" --virtual-time-budget=4000 \
        --enable-logging=stderr --screenshot="$out/$scene-$theme-$(echo "$size" | tr , x).png" \
        "http://localhost:$port/?scene=$scene&theme=$theme" 2>&1 | grep -E 'CONSOLE' || true
    done
  done
done
