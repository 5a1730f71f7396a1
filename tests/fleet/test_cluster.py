"""A Dask cluster: the same results, whatever ends meanwhile; one line about what is not there."""

from __future__ import annotations

import gc
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.fleet import batch, parquet
from ring3.fleet.cluster import ClusterPool
from ring3.fleet.progress import Progress
from ring3.fleet.sweep import sweep
from tests.cli.command import HELLO
from tests.support.dask_cluster import Cluster

distributed = pytest.importorskip("distributed", reason="Dask distributed is not installed")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with a worker."""
    found = Cluster(tmp_path_factory.mktemp("workers"))
    found.start_scheduler()
    found.start_worker()
    yield found
    found.close()
    collect()


def collect() -> None:
    """Frees what Dask leaves open where the other end is lost: later its warnings would be another test's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    collect()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan of 60 runs, with a file that is large enough to stay on the workers."""
    shutil.copy(HELLO, tmp_path / "hello")
    (tmp_path / "large").write_bytes(bytes(range(256)) * 512)
    path = tmp_path / "plan.toml"
    path.write_text(
        'seeds = "0..29"\nfaults = ["", "write:error=EIO"]\n[files]\nlarge = "large"\n[[program]]\npath = "hello"\n'
    )
    return path


def test_workers_and_the_scheduler_may_be_lost(cluster: Cluster, plan: Path) -> None:
    left: list[Callable[[], object]] = [cluster.start_worker, cluster.kill_worker, cluster.restart]

    def tell(progress: Progress) -> None:
        if left and progress.made > (3 - len(left)) * 12:
            left.pop(0)()

    with sweep(plan, plan.parent / "there", scheduler=cluster.address, tell=tell) as there:
        assert there.made == 60
        assert not left
        parquet.write(str(plan.parent / "there.parquet"), there.rows())
    with sweep(plan, plan.parent / "here", jobs=1) as here:
        parquet.write(str(plan.parent / "here.parquet"), here.rows())
    assert (plan.parent / "there.parquet").read_bytes() == (plan.parent / "here.parquet").read_bytes()


def test_other_versions_are_refused(cluster: Cluster, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = batch.version()
    monkeypatch.setattr(batch, "version", lambda: "0.0+other")
    with pytest.raises(UserError) as error:
        sweep(plan, plan.parent / "out", scheduler=cluster.address)
    beginning, _, end = str(error.value).partition(" has ")
    assert beginning.startswith("the worker at tcp://127.0.0.1:")
    assert end == f"ring3 {ours}, and this is ring3 0.0+other"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:9", "no scheduler answers at tcp://127.0.0.1:9"),
        ("nothing://x", "--scheduler nothing://x: unknown address scheme"),
        ("a:b:c", "--scheduler a:b:c: invalid address"),
    ],
)
def test_no_scheduler_is_a_line(address: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        ClusterPool(address, answer_within=0.2)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_a_cluster_without_workers_is_a_line(cluster: Cluster) -> None:
    cluster.kill_worker()
    with pytest.raises(UserError, match=rf"^the scheduler at {cluster.address} has no workers$"):
        ClusterPool(cluster.address, answer_within=0.3)
