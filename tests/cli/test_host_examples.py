"""The files of examples/hosts are valid, and start what they say."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / "examples/hosts"


def test_the_units_of_systemd_are_valid(tmp_path):
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("systemd-analyze is not installed")
    units = sorted(str(path) for path in FOLDER.glob("gitorch-host.*"))
    assert len(units) == 2
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([checker, "--user", "verify", *units], env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_job_of_a_cluster_has_the_schema_of_kubernetes():
    validator = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    job = YAML(typ="safe").load(FOLDER / "kubernetes-job.yaml")
    assert validator.validate(job, "1.32", strict=True) == "1.32"


@pytest.mark.parametrize("name", ["in-a-clone.sh", "over-ssh.sh"])
def test_the_scripts_parse_and_take_one_job(name):
    subprocess.run(["sh", "-n", FOLDER / name], check=True)
    assert "gitorch host run --once" in (FOLDER / name).read_text(encoding="utf-8")


def test_the_jobs_of_engines_give_the_script_what_it_reads():
    read = {
        name: YAML(typ="safe").load(FOLDER / name)
        for name in ("github-actions.yml", "gitlab-ci.yml", "kubernetes-job.yaml")
    }
    action = read["github-actions.yml"]["jobs"]["host"]["steps"][-1]
    pipeline = read["gitlab-ci.yml"]["gitorch-host"]
    container = read["kubernetes-job.yaml"]["spec"]["template"]["spec"]["containers"][0]
    given = [set(action["env"]), set(pipeline["variables"]), {variable["name"] for variable in container["env"]}]
    for names in given:
        assert names >= {"REMOTE", "HOST_NAME", "HOST_KEY", "LEDGER"}
    for script in (action["run"], pipeline["script"][0]):
        assert "examples/hosts/in-a-clone.sh" in script
    assert "COPY in-a-clone.sh" in (FOLDER / "Containerfile").read_text(encoding="utf-8")
