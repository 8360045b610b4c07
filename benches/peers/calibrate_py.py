"""Marginal maximum likelihood, without standard errors.

    calibrate_py.py girth|mirt 2pl|3pl|grm FOLDER [--points N]
"""

import argparse

import numpy as np

from common import Clock, emit, load, root_mean_square


def by_girth(options, scores):
    import girth

    fit = {"2pl": girth.twopl_mml, "3pl": girth.threepl_mml, "grm": girth.grm_mml}[options.model]
    settings = {"quadrature_n": options.points} if options.points else None
    scores = np.ascontiguousarray(scores.T)
    fit(np.ascontiguousarray(scores[:5, :300]), settings)
    with Clock() as clock:
        found = fit(scores, settings)
    return clock, np.asarray(found["Discrimination"]).ravel(), found["Difficulty"], {}


def by_mirt(options, scores):
    import mirt

    settings = {"n_quadpts": options.points} if options.points else {}

    def fit(scores):
        return mirt.fit_mirt(
            scores, model=options.model.upper(), compute_standard_errors=False, **settings
        )

    # What is compiled or loaded at the first call is not counted.
    fit(scores[:300, :5])
    with Clock() as clock:
        found = fit(scores)
    parameters = found.model.parameters
    about = dict(converged=bool(found.converged), iterations=int(found.n_iterations))
    b = parameters.get("difficulty", parameters.get("thresholds"))
    return clock, np.asarray(parameters["discrimination"]).ravel(), b, about


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["girth", "mirt"])
    parser.add_argument("model", choices=["2pl", "3pl", "grm"])
    parser.add_argument("folder")
    parser.add_argument("--points", type=int)
    options = parser.parse_args()
    found = load(options.folder)
    truth = found["grm"] if options.model == "grm" else found["bank"]
    scores = found["x"].astype(np.int64)
    clock, a, b, about = (by_girth if options.peer == "girth" else by_mirt)(options, scores)
    steps = truth.shape[1] - 1 if options.model == "grm" else 1
    b = np.asarray(b).reshape(len(truth), -1)[:, :steps]
    emit(
        dict(
            peer=options.peer,
            model=options.model,
            persons=len(scores),
            items=len(truth),
            cpu_s=clock.cpu,
            wall_s=clock.wall,
            rmse_a=root_mean_square(a, truth[:, 0]),
            rmse_b=root_mean_square(b, truth[:, 1 : 1 + steps]),
            **about,
        )
    )


main()
