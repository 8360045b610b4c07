"""EAP scoring of a whole matrix.

    score_py.py girth|mirt FOLDER [--points N] [--repeats 3]
    score_py.py check FOLDER SCORES.csv

`check` compares the column `theta` of a file, as `gradus score` writes it, with the posterior mean on
401 points; the drivers compare their own.
"""

import argparse
import statistics

import numpy as np

from common import Clock, emit, load, root_mean_square

CHECKED = 5000


def on_401_points(scores, bank):
    grid = np.linspace(-6, 6, 401)
    z = bank[:, 0] * (grid[:, None] - bank[:, 1])
    right, wrong = -np.logaddexp(0, -z).T, -np.logaddexp(0, z).T
    log = scores.astype(float) @ (right - wrong) + wrong.sum(0) - 0.5 * grid * grid
    weights = np.exp(log - log.max(1, keepdims=True))
    return (weights @ grid) / weights.sum(1)


def by_girth(bank, scores, options):
    import girth

    scores = np.ascontiguousarray(scores.T.astype(np.int64))
    settings = {"quadrature_n": options.points} if options.points else None
    return lambda: girth.ability_eap(scores, bank[:, 1], bank[:, 0], settings)


def by_mirt(bank, scores, options):
    import mirt
    from mirt.models import TwoParameterLogistic

    model = TwoParameterLogistic(n_items=len(bank))
    model.set_parameters(discrimination=bank[:, 0].copy(), difficulty=bank[:, 1].copy())
    model._is_fitted = True
    scores = scores.astype(np.int64)
    settings = {"n_quadpts": options.points} if options.points else {}
    return lambda: np.asarray(mirt.fscores(model, scores, method="EAP", **settings).theta).ravel()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["girth", "mirt", "check"])
    parser.add_argument("folder")
    parser.add_argument("scores", nargs="?")
    parser.add_argument("--points", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    found = load(options.folder)
    bank, scores, theta = found["bank"], found["x"], found["theta"]
    result = dict(peer=options.peer, persons=len(scores), items=len(bank))
    if options.peer == "check":
        estimates = np.loadtxt(options.scores, delimiter=",", skiprows=1, usecols=1)
    else:
        score = (by_girth if options.peer == "girth" else by_mirt)(bank, scores, options)
        times = []
        for _ in range(options.repeats):
            with Clock() as clock:
                estimates = score()
            times.append(clock.cpu)
        result.update(points=options.points, cpu_s=statistics.median(times))
    expected = on_401_points(scores[:CHECKED], bank)
    worst = float(np.abs(estimates[:CHECKED] - expected).max())
    emit(dict(result, rmse=root_mean_square(estimates, theta), worst_against_401_points=worst))


main()
