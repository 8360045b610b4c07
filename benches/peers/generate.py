"""One input set: known parameters, known abilities, and seeded answers.

    generate.py FOLDER 2pl|3pl|grm|bank PERSONS ITEMS SEED

Slopes are lognormal (SD of the logarithm .3, between .4 and 2.5), difficulties and abilities N(0, 1),
lower asymptotes of 3pl uniform on .10 to .25. `bank` has no answers. Beside what `common.py` lists it
writes items.csv and responses.csv, the same for Gradus.
"""

import os
import sys

import numpy as np


def main():
    folder, kind = sys.argv[1:3]
    persons, items, seed = map(int, sys.argv[3:6])
    os.makedirs(folder, exist_ok=True)
    draw = np.random.default_rng(seed)
    a = np.clip(np.exp(draw.normal(0.0, 0.3, items)), 0.4, 2.5)
    b = draw.normal(0, 1, items)
    c = draw.uniform(0.10, 0.25, items) if kind == "3pl" else np.zeros(items)
    theta = draw.normal(0, 1, persons)
    steps = None
    if kind == "grm":
        spread = np.array([-1.0, 0.0, 1.0]) + draw.uniform(-0.25, 0.25, (items, 3))
        steps = np.sort(draw.normal(0, 1, (items, 1)) + spread, axis=1)
        table(folder, "bank_grm.csv", "a,b1,b2,b3", np.column_stack([a, steps]))
    else:
        table(folder, "bank.csv", "a,b,c,d", np.column_stack([a, b, c, np.ones(items)]))
    np.savetxt(os.path.join(folder, "theta.csv"), theta, fmt="%.17g")
    for_gradus(folder, kind, a, b, c, steps)
    if kind != "bank":
        scores = answers(draw, kind, a, b, c, steps, theta)
        np.save(os.path.join(folder, "responses.npy"), scores)
        matrix(folder, scores)


def table(folder, name, header, rows):
    path = os.path.join(folder, name)
    np.savetxt(path, rows, delimiter=",", header=header, comments="", fmt="%.17g")


def answers(draw, kind, a, b, c, steps, theta):
    scores = np.empty((len(theta), len(a)), dtype=np.uint8)
    for start in range(0, len(theta), 2000):
        t = theta[start : start + 2000, None]
        u = draw.random((t.shape[0], len(a)))
        if kind == "grm":
            above = 1 / (1 + np.exp(-a[None, :, None] * (t[:, :, None] - steps[None])))
            scores[start : start + 2000] = (u[:, :, None] < above).sum(2)
        else:
            scores[start : start + 2000] = u < c + (1 - c) / (1 + np.exp(-a * (t - b)))
    return scores


def for_gradus(folder, kind, a, b, c, steps):
    with open(os.path.join(folder, "items.csv"), "w") as out:
        if kind == "grm":
            out.write("id,model,a,b1,b2,b3\n")
            for j, row in enumerate(steps):
                out.write("i%d,grm,%.17g,%.17g,%.17g,%.17g\n" % (j + 1, a[j], *row))
        else:
            out.write("id,model,a,b,c\n")
            model = "3pl" if kind == "3pl" else "2pl"
            for j in range(len(a)):
                lower = "%.17g" % c[j] if kind == "3pl" else ""
                out.write("i%d,%s,%.17g,%.17g,%s\n" % (j + 1, model, a[j], b[j], lower))


def matrix(folder, scores):
    """One digit and one separator a cell."""
    cells = np.full((scores.shape[0], 2 * scores.shape[1]), ord(","), dtype=np.uint8)
    cells[:, 0::2] = scores + ord("0")
    cells[:, -1] = ord("\n")
    with open(os.path.join(folder, "responses.csv"), "wb") as out:
        out.write((",".join(f"i{j + 1}" for j in range(scores.shape[1])) + "\n").encode())
        out.write(cells.tobytes())


main()
