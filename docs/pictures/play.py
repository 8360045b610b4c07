#!/usr/bin/env python3
"""Takes an assessment in plain mode as one particular person would, and stops where asked.

    play.py GRADUS_COMMAND… -- SEED ANSWERS

The person knows what the bank calls junior and mid level and none of what it calls senior. The
program shows no ids and no keys, so each question is recognised by its text among the items of
`gradus bank export`. After ANSWERS answers the input ends, and the session is kept; with ANSWERS
"all" it goes to the report. Standard library only.
"""

import json
import re
import subprocess
import sys

KNOWN = ("junior", "mid")


def letters_only(text):
    return re.sub(r"[^a-z0-9]", "", re.sub(r"```\w*", "", text).lower())


def find(items, shown):
    """The item whose stem the shown question contains; the longest, should there be two."""
    shown = letters_only(shown)
    matching = [item for item in items if letters_only(item["stem"]) in shown]
    if not matching:
        raise SystemExit(f"play.py: no item has this text:\n{shown}")
    return max(matching, key=lambda item: len(item["stem"]))


def shown_letters(item, question):
    """Which letter stands for which option of the item."""
    letters = {}
    for letter, text in re.findall(r"^  ([a-z])\) (.*(?:\n     .*)*)", question, re.MULTILINE):
        words = letters_only(text)
        for option in item["options"]:
            if letters_only(option["text"]) == words:
                letters[option["id"]] = letter
    return letters


def answer(item, question):
    """The line that this person types."""
    if item["level"] not in KNOWN:
        return "?"
    if item["type"] == "numeric":
        return str(item["answer"]["value"])
    if item["type"] in ("short", "code-output"):
        accepted = item["answer"].get("accept") or ["?"]
        return accepted[0].replace("\n", " ")
    letters = shown_letters(item, question)
    if item["type"] == "order":
        return ",".join(letters[option] for option in item["answer"])
    return ",".join(letters[option["id"]] for option in item["options"] if option["correct"])


def main():
    split = sys.argv.index("--")
    command, (seed, wanted) = sys.argv[1:split], sys.argv[split + 1:]
    exported = subprocess.run(command + ["bank", "export", "--format", "json"],
                              stdout=subprocess.PIPE, check=True)
    items = [item for item in json.loads(exported.stdout)["items"] if item["status"] == "live"]
    program = subprocess.Popen(command + ["take", "--plain", "--seed", seed], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    question, given = "", 0
    for line in program.stdout:
        question += line
        if not (line.startswith("[") and line.endswith("remarks on the question]\n")):
            continue
        if wanted != "all" and given == int(wanted):
            program.stdin.close()
            break
        start = question.rindex("\nQuestion ") if "\nQuestion " in question else 0
        question = question[start:]
        program.stdin.write(answer(find(items, question), question) + "\n")
        program.stdin.flush()
        given, question = given + 1, ""
    program.stdout.close()
    # Done, or the input ended in mid-test as it was meant to.
    if program.wait() not in (0, 75):
        raise SystemExit(f"play.py: the program ended with {program.returncode}")
    print(given)


if __name__ == "__main__":
    main()
