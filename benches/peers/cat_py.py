"""Simulated adaptive tests of fixed length by maximum information.

    cat_py.py catsim|mirt|adaptivetesting FOLDER [--persons N] [--length 30] [--points 61]

catsim (maximum likelihood) and mirt (EAP, its compiled batch) draw their own answers from the set's
abilities; adaptivetesting (EAP) takes those of the set.
"""

import argparse

import numpy as np

from common import Clock, emit, load, root_mean_square


def by_catsim(bank, theta, options):
    from catsim.estimation import NumericalSearchEstimator
    from catsim.initialization import FixedPointInitializer
    from catsim.item_bank import ItemBank
    from catsim.selection import MaxInfoSelector
    from catsim.simulation import Simulator
    from catsim.stopping import MinErrorStopper

    simulator = Simulator(ItemBank(bank.copy()), theta)
    with Clock() as clock:
        simulator.simulate(
            FixedPointInitializer(0.0),
            MaxInfoSelector(),
            NumericalSearchEstimator(),
            MinErrorStopper(1e-9, max_items=options.length),
        )
    return clock, np.array(simulator.latest_estimations)


def by_mirt(bank, theta, options):
    from mirt.cat import CATEngine
    from mirt.models import TwoParameterLogistic

    model = TwoParameterLogistic(n_items=len(bank))
    model.set_parameters(discrimination=bank[:, 0].copy(), difficulty=bank[:, 1].copy())
    model._is_fitted = True
    engine = CATEngine(
        model,
        item_selection="MFI",
        stopping_rule="SE",
        se_threshold=1e-9,
        max_items=options.length,
        scoring_method="EAP",
        n_quadpts=options.points,
        seed=1,
        theta_bounds=(-6.0, 6.0),
    )
    # What is loaded at the first call is not counted.
    engine.run_batch_simulation(theta[:5], use_rust=True)
    with Clock() as clock:
        results = engine.run_batch_simulation(theta, use_rust=True)
    return clock, np.array([result.theta for result in results])


def by_adaptivetesting(bank, theta, options, answers):
    from adaptivetesting.implementations import TestAssembler
    from adaptivetesting.math.estimators import ExpectedAPosteriori, NormalPrior
    from adaptivetesting.models import ItemPool

    estimates = np.zeros(len(theta))
    columns = {name: bank[:, at].tolist() for at, name in enumerate("abcd")}
    with Clock() as clock:
        for person, truth in enumerate(theta):
            pool = ItemPool.load_from_list(
                **columns,
                ids=list(range(len(bank))),
                simulated_responses=answers[person].astype(int).tolist(),
            )
            prior = {"prior": NormalPrior(0, 1), "optimization_interval": (-6, 6)}
            test = TestAssembler(
                pool, "s", str(person), ExpectedAPosteriori, prior, true_ability_level=float(truth)
            )
            for _ in range(options.length):
                test.run_test_once()
            estimates[person] = test.ability_level
    return clock, estimates


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["catsim", "mirt", "adaptivetesting"])
    parser.add_argument("folder")
    parser.add_argument("--persons", type=int)
    parser.add_argument("--length", type=int, default=30)
    parser.add_argument("--points", type=int, default=61)
    options = parser.parse_args()
    found = load(options.folder, responses=options.peer == "adaptivetesting")
    bank, theta = found["bank"], found["theta"][: options.persons]
    if options.peer == "catsim":
        clock, estimates = by_catsim(bank, theta, options)
    elif options.peer == "mirt":
        clock, estimates = by_mirt(bank, theta, options)
    else:
        clock, estimates = by_adaptivetesting(bank, theta, options, found["x"])
    emit(
        dict(
            peer=options.peer,
            persons=len(theta),
            items=len(bank),
            cpu_s=clock.cpu,
            wall_s=clock.wall,
            per_cpu_s=len(theta) / clock.cpu,
            rmse=root_mean_square(estimates, theta),
        )
    )


main()
