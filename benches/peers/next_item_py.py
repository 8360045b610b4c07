"""One step of a running test: the ability anew, and the next item by maximum information. The median
CPU time of some steps after ten answers.

    next_item_py.py catsim|mirt|adaptivetesting FOLDER [--steps 15] [--seconds 60]
"""

import argparse
import statistics
import time

import numpy as np

from common import emit, load

ANSWERS_BEFORE = 10


def of_catsim(bank, answer):
    from catsim.estimation import NumericalSearchEstimator
    from catsim.item_bank import ItemBank
    from catsim.selection import MaxInfoSelector

    items, selector, estimator = ItemBank(bank.copy()), MaxInfoSelector(), NumericalSearchEstimator()
    theta, asked, right = 0.0, [], []
    while True:
        start = time.process_time()
        if asked:
            theta = float(
                estimator.estimate(
                    item_bank=items, administered_items=asked, response_vector=right, est_theta=theta
                )
            )
        item = int(selector.select(item_bank=items, administered_items=asked, est_theta=theta))
        yield time.process_time() - start
        asked.append(item)
        right.append(bool(answer(item)))


def of_mirt(bank, answer, steps):
    from mirt.cat import CATEngine
    from mirt.models import TwoParameterLogistic

    model = TwoParameterLogistic(n_items=len(bank))
    model.set_parameters(discrimination=bank[:, 0].copy(), difficulty=bank[:, 1].copy())
    model._is_fitted = True
    engine = CATEngine(
        model,
        item_selection="MFI",
        se_threshold=1e-9,
        max_items=steps + ANSWERS_BEFORE + 2,
        n_quadpts=61,
        theta_bounds=(-6.0, 6.0),
    )
    state = engine.get_current_state()
    while True:
        score = answer(state.next_item)
        start = time.process_time()
        state = engine.administer_item(score)
        yield time.process_time() - start


def of_adaptivetesting(bank, answer):
    from adaptivetesting.math.estimators import ExpectedAPosteriori, NormalPrior
    from adaptivetesting.math.item_selection import maximum_information_criterion
    from adaptivetesting.models import ItemPool

    columns = {name: bank[:, at].tolist() for at, name in enumerate("abcd")}
    pool = ItemPool.load_from_list(**columns, ids=list(range(len(bank))))
    asked, scores = [], []
    while True:
        start = time.process_time()
        if asked:
            estimator = ExpectedAPosteriori(scores, asked, NormalPrior(0, 1), (-6, 6))
            theta = estimator.get_estimation()
            estimator.get_standard_error(theta)
            maximum_information_criterion(pool.test_items, theta)
        yield time.process_time() - start
        if len(asked) < ANSWERS_BEFORE:
            # Which ten were answered does not matter for the time.
            asked.append(pool.test_items[len(asked)])
            scores.append(answer(asked[-1].id))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["catsim", "mirt", "adaptivetesting"])
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    bank = load(options.folder, responses=False)["bank"]
    draw = np.random.default_rng(3)

    def answer(item):
        return int(draw.random() < 1 / (1 + np.exp(-bank[item, 0] * (0.7 - bank[item, 1]))))

    of = {"catsim": of_catsim, "adaptivetesting": of_adaptivetesting}.get(options.peer)
    steps = of(bank, answer) if of else of_mirt(bank, answer, options.steps)
    end = time.process_time() + options.seconds
    times = []
    for number, seconds in enumerate(steps):
        if number >= ANSWERS_BEFORE:
            times.append(seconds)
        if len(times) >= options.steps or (times and time.process_time() > end):
            break
    emit(
        dict(
            peer=options.peer,
            items=len(bank),
            steps=len(times),
            cpu_ms=1e3 * statistics.median(times),
        )
    )


main()
