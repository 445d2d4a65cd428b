#!/bin/sh
# Takes one job in a fresh clone of $REMOTE, as the host $HOST_NAME, whose private key is the file $HOST_KEY.
# $LEDGER is a commit of the ledger since this host was added: a fresh clone could not tell another ledger from yours.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet "$REMOTE" "$folder/project"
cd "$folder/project"
if ! git merge-base --is-ancestor "$LEDGER" origin/gitorch/ledger; then
    echo "the ledger at $REMOTE does not contain the commit $LEDGER" >&2
    exit 7
fi
mkdir -p .git/gitorch
printf '%s\n' "$HOST_NAME" > .git/gitorch/host
(umask 077 && cat "$HOST_KEY" > .git/gitorch/host-key)
ssh-keygen -y -f .git/gitorch/host-key > .git/gitorch/host-key.pub
gitorch host run --once
