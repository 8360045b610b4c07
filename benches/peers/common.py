"""Input sets and process accounting that the drivers share.

A set is a folder, made by `generate.py`:
  bank.csv        a,b,c,d; one item a row (logistic metric, D = 1)
  bank_grm.csv    a,b1,b2,b3; graded items in its place
  responses.npy   scores, persons x items, one byte each
  theta.csv       one true ability a line
"""

import json
import os
import resource
import time

import numpy as np


def load(folder, responses=True):
    def path(name):
        return os.path.join(folder, name)

    found = {}
    for key, name in [("bank", "bank.csv"), ("grm", "bank_grm.csv")]:
        if os.path.exists(path(name)):
            found[key] = np.loadtxt(path(name), delimiter=",", skiprows=1, ndmin=2)
    if responses and os.path.exists(path("responses.npy")):
        found["x"] = np.load(path("responses.npy"))
    if os.path.exists(path("theta.csv")):
        found["theta"] = np.loadtxt(path("theta.csv"), ndmin=1)
    return found


class Clock:
    """CPU seconds (user and system) of this process, and wall seconds."""

    def __enter__(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.before = used.ru_utime + used.ru_stime
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self.start
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.cpu = used.ru_utime + used.ru_stime - self.before


def root_mean_square(left, right):
    return float(np.sqrt(np.mean((np.asarray(left) - np.asarray(right)) ** 2)))


def emit(result):
    result["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    print(json.dumps(result))
