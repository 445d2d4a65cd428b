"""A forge of the tests' own: a bare repository over HTTP, with protected branches, pull requests and merges that it signs.

`Forge(folder)` makes it; `start` serves it on loopback and gives the address, `stop` ends that. What real forges do and this
one does too: `refs/pull/N/head` follows the branch of a pull request; nobody pushes to a protected branch, and nobody
moves a branch below `forced` back; the push options of GitLab and `refs/for/BRANCH` of Gitea open a pull request; merge
commits and squashes are signed by the forge's SSH key, commits of a rebase are not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

UPDATE = """\
#!/bin/sh
ref=$1 old=$2 new=$3
zero=$(printf %s "$new" | tr '0-9a-f' 0)
while read -r pattern; do
    case $ref in $pattern) echo "$ref is protected: open a pull request" >&2; exit 1 ;; esac
done < forge/protected
while read -r pattern; do
    case $ref in $pattern)
        [ "$new" != "$zero" ] || { echo "$ref is protected: it is never deleted" >&2; exit 1; }
        [ "$old" = "$zero" ] || git merge-base --is-ancestor "$old" "$new" || { echo "$ref is protected: it is never moved back" >&2; exit 1; } ;;
    esac
done < forge/kept
"""

UNLESS_NEEDLESS = '[ -n "$(ls forge/pulls)" ] || [ "${GIT_PUSH_OPTION_COUNT:-0}" != 0 ] || exit 0\n'
"""No pull request is there and none is asked for: starting Python for each push would cost more than the push."""

HOOKS = __file__.replace("forge.py", "forge_hooks.py")
NAME, EMAIL = "Forge", "forge@forge.example"


class Forge:
    """One repository on the forge, `ann/project`. Pull requests lie as JSON in `forge/pulls`, beside git's own files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ann" / "project.git"
        self.folder.mkdir(parents=True)
        self.address = ""
        self.latency_seconds = 0.0
        """How long each request waits before it is served."""
        self.is_away = False
        """While true, every request is answered with 503."""
        self.cut_off: set[str] = set()
        """Requests by the address of each of these names are answered with 503."""
        self.answers_lost = 0
        """How many of the next pushes are carried out, and their answers break off in the middle."""
        self._server: _Server | None = None
        self.git("init", "-q", "--bare", "-b", "main", ".")
        for setting in ("http.receivepack=true", "receive.advertisePushOptions=true", "receive.advertiseAtomic=true"):
            self.git("config", *setting.split("="))
        self.git("config", "receive.procReceiveRefs", "refs/for")
        (self.folder / "forge/pulls").mkdir(parents=True)
        self.protect()
        self.keep("refs/heads/gitorch/ledger")
        self._hook("update", UPDATE)
        for name, first in (("post-receive", UNLESS_NEEDLESS), ("proc-receive", "")):
            self._hook(name, f"#!/bin/sh\n{first}exec {sys.executable} {HOOKS} {name} {folder}\n")
        self.key = make_key(folder / "forge-key", EMAIL)

    @property
    def signers(self) -> str:
        """The line of an allowed signers file for the forge's own key."""
        return signers_line(self.key)

    def git(self, *words: str, given: str | None = None, env: dict[str, str] | None = None) -> str:
        """Run git in the forge's repository."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        clean |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **(env or {})}
        words = ("git", "-c", "core.hooksPath=/dev/null", *words)
        done = subprocess.run(
            words, cwd=self.folder, input=given, env=clean, text=True, capture_output=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def head(self, branch: str) -> str:
        """The commit of a branch or full ref; empty without it."""
        full = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        return self.git("for-each-ref", "--format=%(objectname)", full)

    def protect(self, *patterns: str) -> None:
        """From now on, only the merge of a pull request moves branches whose full name fits one of these patterns."""
        (self.folder / "forge/protected").write_text("".join(f"{p}\n" for p in patterns))

    def keep(self, *patterns: str) -> None:
        """From now on, branches whose full name fits one of these patterns are neither deleted nor moved back."""
        (self.folder / "forge/kept").write_text("".join(f"{p}\n" for p in patterns))

    def force(self, branch: str, commit: str) -> None:
        """Move a branch to any commit, as somebody with the rights of an administrator does."""
        self.git("update-ref", f"refs/heads/{branch}", commit)

    def start(self) -> str:
        """Serve on a free port of loopback; gives the address of the repository."""
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/ann/project.git"
        (self.folder / "forge/address").write_text(self.address.removesuffix(".git"))
        return self.address

    def address_via(self, name: str) -> str:
        """The repository's address for one of several clients, which can be cut off by this name."""
        return self.address.replace("/ann/", f"/via/{name}/ann/")

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def pulls(self) -> list[dict[str, Any]]:
        """Every pull request, oldest first."""
        found = sorted((self.folder / "forge/pulls").iterdir(), key=lambda path: int(path.stem))
        return [json.loads(path.read_text()) for path in found]

    def pull(self, number: int) -> dict[str, Any]:
        return json.loads(self._pull_path(number).read_text())

    def _pull_path(self, number: int) -> Path:
        return self.folder / f"forge/pulls/{number}.json"

    def change(self, number: int, **values: Any) -> dict[str, Any]:
        """Set fields of a pull request."""
        pull = {**self.pull(number), **values}
        self._pull_path(number).write_text(json.dumps(pull))
        return pull

    def open(self, head: str, base: str, title: str, body: str = "") -> dict[str, Any]:
        """Open a pull request for a branch, or for a commit; one that is open for the same branches is kept."""
        for pull in self.pulls():
            if (pull["head"], pull["base"], pull["state"]) == (head, base, "OPEN"):
                return self.follow(pull["number"])
        number = len(self.pulls()) + 1
        address = self.folder / "forge/address"
        base_address = address.read_text() if address.exists() else ""
        pull = {
            "number": number,
            "title": title,
            "body": body,
            "head": head,
            "base": base,
            "state": "OPEN",
            "url": f"{base_address}/pulls/{number}",
            "reviews": [],
            "comments": [],
            "mergeCommit": None,
            "mergedBy": None,
        }
        self._pull_path(number).write_text(json.dumps(pull))
        return self.follow(number)

    def follow(self, number: int) -> dict[str, Any]:
        """Let the head of a pull request be where its branch is."""
        pull = self.pull(number)
        commit = self.head(pull["head"]) or pull["head"]
        self.git("update-ref", f"refs/pull/{number}/head", commit)
        return self.change(number, headRefOid=commit)

    def review(
        self, number: int, who: str, state: str, body: str = "", comments: tuple[dict[str, Any], ...] = ()
    ) -> None:
        """A review: `APPROVED`, `CHANGES_REQUESTED` or `COMMENTED`; each comment has `path`, `line` and `body`."""
        pull = self.pull(number)
        made = {"author": {"login": who}, "state": state, "body": body, "commit": {"oid": pull["headRefOid"]}}
        made["submittedAt"] = "2026-11-28T12:00:00Z"
        said = [{"author": {"login": who}, **comment} for comment in comments]
        self.change(number, reviews=[*pull["reviews"], made], comments=[*pull["comments"], *said])

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""
        self.change(number, state="CLOSED")

    def merge(self, number: int, how: str = "merge", by: str = "ann", key: Path | None = None, tree: str = "") -> str:
        """Merge a pull request by `merge`, `squash` or `rebase`; gives the commit that its base is at then.

        `key` signs in place of the forge's own key; `tree` slips another tree into the merge.
        """
        pull = self.pull(number)
        ours, theirs = self.head(pull["base"]), pull["headRefOid"]
        merged = tree or self.git("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
        title = f"Merge pull request #{number} from {pull['head']}\n\n{pull['title']}\n"
        if how == "merge":
            commit = self.commit(merged, (ours, theirs), title, key or self.key)
        elif how == "squash":
            commit = self.commit(merged, (ours,), f"{pull['title']} (#{number})\n\n{pull['body']}", key or self.key)
        else:
            commit = self._rebased(ours, theirs)
        self.git("update-ref", f"refs/heads/{pull['base']}", commit, ours)
        self.change(number, state="MERGED", mergeCommit={"oid": commit}, mergedBy={"login": by})
        return commit

    def _rebased(self, ours: str, theirs: str) -> str:
        """The commits of a branch one after the other on top of its base, unsigned, as forges make them."""
        tip = ours
        for commit in self.git("rev-list", "--reverse", "--no-merges", f"{ours}..{theirs}").splitlines():
            words = ("merge-tree", "--write-tree", tip, commit)
            tree = (
                self.git(*words).splitlines()[0]
                if tip != ours
                else self.git("merge-tree", "--write-tree", ours, commit)
            )
            message = self.git("log", "-1", "--format=%B", commit)
            author = self.git("log", "-1", "--format=%an%n%ae%n%aI", commit).splitlines()
            tip = self.commit(tree.splitlines()[0], (tip,), message, None, author)
        return tip

    def commit(
        self, tree: str, parents: tuple[str, ...], message: str, key: Path | None, author: list[str] | None = None
    ) -> str:
        """A commit by the forge, signed by a key where one is given."""
        name, mail, date = author or [NAME, EMAIL, "2026-11-28T12:00:00Z"]
        env = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": date}
        env |= {"GIT_COMMITTER_NAME": NAME, "GIT_COMMITTER_EMAIL": EMAIL, "GIT_COMMITTER_DATE": "2026-11-28T12:00:00Z"}
        sign = [] if key is None else ["-S"]
        settings = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"]
        words = [word for parent in parents for word in ("-p", parent)]
        return self.git(*settings, "commit-tree", *sign, tree, *words, given=message, env=env)

    def _hook(self, name: str, text: str) -> None:
        path = self.folder / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def answer(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """The API: opening, reading, merging and closing pull requests, as JSON."""
        words = path.split("/")
        if method == "POST" and words == ["pulls"]:
            return 201, self.open(sent["head"], sent["base"], sent["title"], sent.get("body", ""))
        if method == "GET" and words == ["pulls"]:
            return 200, self.pulls()
        if len(words) < 2 or not words[1].isdigit() or not self._pull_path(int(words[1])).exists():
            return 404, {"message": "Not Found"}
        number = int(words[1])
        if method == "PUT" and words[2:] == ["merge"]:
            return 200, {"sha": self.merge(number, sent.get("merge_method", "merge")), "merged": True}
        if method == "PATCH":
            self.close(number)
        return 200, self.pull(number)


def make_key(path: Path, comment: str) -> Path:
    """A new SSH key without a passphrase; gives the path of its private half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))
    subprocess.run(words, check=True, capture_output=True)
    return path


def signers_line(key: Path, name: str = EMAIL) -> str:
    """The line of an allowed signers file for the public half of a key, for signatures of git."""
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    return f'{name} namespaces="git" {public}\n'


class _Server(ThreadingHTTPServer):
    """The server of one forge."""

    def __init__(self, forge: Forge) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.forge = forge


class _Handler(BaseHTTPRequestHandler):
    """The requests: the API below `/api`, all others are git's."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Nothing: the output of a test belongs to the test."""

    def serve(self) -> None:
        body = self._body()
        forge = self.server.forge
        threading.Event().wait(forge.latency_seconds)
        if forge.is_away or self._client() in forge.cut_off:
            self._reply(503, [], b"the forge is away\n")
        elif self.path.startswith("/api/"):
            path = self.path.removeprefix("/api/").split("?")[0]
            status, found = forge.answer(self.command, path, json.loads(body or b"{}"))
            self._reply(status, [("Content-Type", "application/json")], json.dumps(found).encode())
        else:
            self._git(body)

    do_GET = do_POST = do_PUT = do_PATCH = serve  # noqa: N815  names of the standard library

    def _client(self) -> str:
        """The name in an address of `address_via`, which is served as the usual one from here on; empty for that one."""
        if not self.path.startswith("/via/"):
            return ""
        name, _, rest = self.path.removeprefix("/via/").partition("/")
        self.path = f"/{rest}"
        return name

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def _git(self, body: bytes) -> None:
        """Hand a request to `git http-backend`, and its answer back."""
        path, _, query = self.path.partition("?")
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        env |= {"GIT_PROJECT_ROOT": str(self.server.forge.folder.parents[1]), "GIT_HTTP_EXPORT_ALL": "1"}
        env |= {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "ann"}
        env |= {"CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body))}
        env |= {"HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "REMOTE_ADDR": "127.0.0.1"}
        env |= {"GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(("git", "http-backend"), input=body, env=env, capture_output=True, check=False)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in head.decode().splitlines())]
        status = dict(headers).get("Status", "200")
        headers = [pair for pair in headers if pair[0] != "Status"]
        self._reply(int(status.split()[0]), headers, rest, cut=self._loses_its_answer(path))

    def _loses_its_answer(self, path: str) -> bool:
        """Whether this is one of the pushes whose answers are lost."""
        forge = self.server.forge
        if self.command != "POST" or not path.endswith("/git-receive-pack") or not forge.answers_lost:
            return False
        forge.answers_lost -= 1
        return True
