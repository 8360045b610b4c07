#!/usr/bin/env python3
"""Simulated answers with known parameters, for measuring `gradus calibrate`.

    benches/calibration_data.py --items 1000 --persons 1000000 --answers 30 OUT
    benches/calibration_data.py --dims 5 --items 100 --persons 5000 OUT

writes OUT.csv (the answers; empty where an item was not asked), OUT.truth.csv (id, dim, a, b) and,
with more than one dimension, OUT.dims.csv and OUT.correlations.csv; says on stderr what mean and
standard deviation the drawn abilities have. Slopes are lognormal around 1.2
(SD of the logarithm .3), difficulties N(0, 1), abilities N(0, R) with correlations from .3 to .7.
The standard library only.
"""

import argparse
import math
import random
import sys


def correlations(count):
    """A correlation matrix with cells from .3 to .7: r_kl = l_k l_l of one common factor."""
    loads = [math.sqrt(0.3 + 0.4 * k / max(1, count - 1)) for k in range(count)]
    return [[1.0 if k == l else loads[k] * loads[l] for l in range(count)] for k in range(count)], loads


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--persons", type=int, required=True)
    parser.add_argument("--answers", type=int, help="items that each person is asked (default: all)")
    parser.add_argument("--dims", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("out")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    items = options.items
    ids = [f"i{j + 1}" for j in range(items)]
    dim = [j % options.dims for j in range(items)]
    slopes = [math.exp(draw.gauss(math.log(1.2), 0.3)) for _ in ids]
    difficulties = [draw.gauss(0, 1) for _ in ids]
    matrix, loads = correlations(options.dims)
    with open(options.out + ".truth.csv", "w") as out:
        out.write("id,dim,a,b\n")
        for row in zip(ids, dim, slopes, difficulties):
            out.write("%s,d%d,%.17g,%.17g\n" % row)
    if options.dims > 1:
        with open(options.out + ".dims.csv", "w") as out:
            out.write("item,dim\n")
            out.writelines(f"{i},d{d}\n" for i, d in zip(ids, dim))
        with open(options.out + ".correlations.csv", "w") as out:
            out.writelines(",".join(map(repr, row)) + "\n" for row in matrix)
    # One-dimensional answers look their probability up in a fine table: a million people take
    # a minute rather than ten.
    table = None
    if options.dims == 1:
        table = [
            [1 / (1 + math.exp(-a * (t / 50 - b))) for t in range(-300, 301)]
            for a, b in zip(slopes, difficulties)
        ]
    uniform, gauss = draw.random, draw.gauss
    everything = range(items)
    sums = [[0.0, 0.0] for _ in range(options.dims)]
    with open(options.out + ".csv", "w") as out:
        out.write("person," + ",".join(ids) + "\n")
        for person in range(1, options.persons + 1):
            asked = draw.sample(everything, options.answers) if options.answers else everything
            if table:
                t = max(0, min(600, 300 + round(50 * gauss(0, 1))))
                theta = [(t - 300) / 50]
                scores = {j: "1" if uniform() < table[j][t] else "0" for j in asked}
            else:
                common = gauss(0, 1)
                theta = [l * common + math.sqrt(1 - l * l) * gauss(0, 1) for l in loads]
                scores = {
                    j: "1" if uniform() < 1 / (1 + math.exp(-slopes[j] * (theta[dim[j]] - difficulties[j]))) else "0"
                    for j in asked
                }
            for total, value in zip(sums, theta):
                total[0] += value
                total[1] += value * value
            if options.answers:
                # Only what was asked is written out; commas fill the gaps.
                row, last = [str(person)], -1
                for j in sorted(scores):
                    row.append("," * (j - last) + scores[j])
                    last = j
                row.append("," * (items - 1 - last))
                out.write("".join(row) + "\n")
            else:
                out.write(f"{person}," + ",".join(scores.values()) + "\n")
    for d, (first, second) in enumerate(sums):
        mean = first / options.persons
        print("d%d: mean %.5f, SD %.5f" % (d, mean, math.sqrt(second / options.persons - mean * mean)), file=sys.stderr)


if __name__ == "__main__":
    main()
