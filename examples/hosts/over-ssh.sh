#!/bin/sh
# Takes one job in the clone in FOLDER on another machine: over-ssh.sh HOST FOLDER
set -eu
exec ssh -- "$1" "cd '$2' && git pull --quiet --ff-only && gitorch host run --once"
