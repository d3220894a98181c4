"""Times another package on the panel that the engine's `speed` example wrote.

usage: peers.py PEER JOB FOLDER   prints one JSON line like the example does; exit code 3 where the package is absent.
Reading and reshaping are not timed; the best of up to three runs counts, and a slow run is not repeated.
"""

import json
import resource
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.filterwarnings("ignore")
peer, job, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
try:
    import numpy as np

    shown = version(peer)
    __import__({"diff-diff": "diff_diff", "synthdid-py": "synthdid"}.get(peer, peer))
except Exception as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(3)

shape = json.loads((folder / "shape.json").read_text())
people, weeks = shape["people"], shape["weeks"]
read = lambda name, kind: np.fromfile(folder / name, dtype=kind)
y = read("y.f64", "<f8").reshape(weeks, people)
cohort, branch = read("cohort.i32", "<i4"), read("branch.i32", "<i4")


def columns():
    t = np.tile(np.arange(weeks, dtype=np.int32), people)
    g = np.repeat(cohort, weeks)
    return {
        "person": np.repeat(np.arange(people, dtype=np.int32), weeks),
        "week": t,
        "branch": np.repeat(branch, weeks),
        "cohort": g,
        "y": y.T.ravel(),
        "treat": ((g > 0) & (t >= g)).astype(np.int8),
    }


def frame():
    import pandas as pd

    return pd.DataFrame(columns())


def pyfixest():
    import pyfixest as pf

    df = frame()
    if job == "twfe":
        run = lambda: pf.feols("y ~ treat | person + week", df, vcov={"CRV1": "branch"})
        row = lambda fit: fit.tidy().iloc[0]
    elif job == "event-study":
        df["rel"] = np.where(df.cohort > 0, df.week - df.cohort, -1).clip(-24, 24)
        run = lambda: pf.feols("y ~ i(rel, ref=-1) | person + week", df, vcov={"CRV1": "branch"})
        row = lambda fit: fit.tidy().filter(regex=r"(\[T\.|::|\[)0(\.0)?\]?$", axis=0).iloc[0]
    else:
        run = lambda: pf.event_study(
            df, yname="y", idname="person", tname="week", gname="cohort", estimator="saturated", cluster="branch"
        )
        row = None
    return run, lambda fit: {} if row is None else {
        "estimate": float(row(fit)["Estimate"]),
        "std_error": float(row(fit)["Std. Error"]),
    }


def diff_diff():
    from diff_diff import CallawaySantAnna

    df = frame()
    model = lambda: CallawaySantAnna(control_group="never_treated", estimation_method="reg", cluster="branch")
    run = lambda: model().fit(
        df, outcome="y", unit="person", time="week", first_treat="cohort", aggregate="all"
    )
    return run, lambda r: {"estimate": float(r.overall_att), "std_error": float(r.overall_se)}


def csdid():
    from csdid.att_gt import ATTgt

    df = frame()

    def run():
        a = ATTgt(
            yname="y", gname="cohort", idname="person", tname="week", xformla="y~1", data=df,
            control_group="nevertreated",
        )
        a.fit(est_method="reg", base_period="varying", bstrap=False)
        a.aggte("simple", bstrap=False, cband=False)
        return a

    return run, lambda a: {"estimate": float(a.atte["overall_att"])}


def synthdid():
    import synthdid as sd

    branches = shape["branches"]
    sums = np.zeros((branches, weeks))
    np.add.at(sums, branch, y.T)
    means = sums / np.bincount(branch, minlength=branches)[:, None]
    start = weeks * 2 // 3
    means = np.vstack([means[1:], means[:1]])
    return lambda: sd.synthdid_estimate(means, branches - 1, start), lambda r: {"estimate": float(r)}


def polars():
    import polars as pl

    if job == "within-between":
        minutes = read("minutes.f64", "<f8").reshape(weeks, people)
        df = pl.DataFrame({**columns(), "minutes": minutes.T.ravel()})

        def run():
            centred = lambda name: pl.col(name) - pl.col(name).mean().over("person")
            within = df.lazy().select(x=centred("minutes"), y=centred("y")).select(pl.corr("x", "y")).collect()
            means = df.lazy().group_by("person").agg(pl.col("minutes").mean(), pl.col("y").mean())
            return within.item(), means.select(pl.corr("minutes", "y")).collect().item()

        return run, lambda r: {"estimate": r[0]}
    df = pl.DataFrame(columns())

    def run():
        y, person = pl.col("y"), "person"
        limits = (
            df.lazy().filter(pl.col("week") < 52).group_by(person)
            .agg(m=y.mean(), mr=y.diff().abs().mean())
            .with_columns(up=pl.col("m") + 2.66 * pl.col("mr"), low=pl.col("m") - 2.66 * pl.col("mr"))
        )
        seen = (
            df.lazy().join(limits, on=person, how="left", maintain_order="left")
            .with_columns(out=(y > pl.col("up")) | (y < pl.col("low")), side=(y > pl.col("m")).cast(pl.Int32))
            .with_columns(eight=pl.col("side").rolling_sum(8).over(person))
            .filter(pl.col("week") >= 52)
        )
        fired = pl.col("out") | (pl.col("eight") == 8) | (pl.col("eight") == 0)
        return seen.select(fired.sum()).collect().item()

    return run, lambda fired: {"estimate": float(fired)}


run, says = {
    "pyfixest": pyfixest, "diff-diff": diff_diff, "csdid": csdid, "synthdid-py": synthdid, "polars": polars,
}[peer]()
best = float("inf")
for _ in range(3):
    began = time.perf_counter()
    result = run()
    took = time.perf_counter() - began
    best = min(best, took)
    if took > 5:
        break
try:
    numbers = says(result)
except Exception:
    numbers = {}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": round(best, 4), "peak_mib": round(peak), "version": shown, **numbers}))
