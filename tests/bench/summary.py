"""Puts the ratios of all results that are there into one table, results/summary.md."""
import glob
import json
import os

from common import RESULTS, machine_line, show

ORDER = ["encode", "stream", "streams", "metadata", "window", "wanted", "fanout", "memory", "link",
         "controls", "rivals", "wifi", "soak", "start", "outage", "overload", "hostile",
         "instructions", "conversions"]


def place(result):
    name = result["name"]
    return ORDER.index(name) if name in ORDER else len(ORDER)


def main():
    results = []
    for path in glob.glob(os.path.join(RESULTS, "*.json")):
        with open(path, encoding="utf-8") as file:
            results.append(json.load(file))
    lines = ["| benchmark | figure | median (least-most) | against |", "|---|---|---|---|"]
    for result in sorted(results, key=place):
        for row in result.get("summary", []):
            name = result["name"] + (" (smoke run)" if result["quick"] else "")
            lines.append(f"| {name} | {row['what']} | {show(row['value'])} | {row['limit']} |")
    machines = []
    for result in sorted(results, key=place):
        machines.append(f"- {result['name']}: {machine_line(result['machine'])}; other processes "
                        f"{result.get('others_share', 0):.0%} of the machine meanwhile")
    os.makedirs(RESULTS, exist_ok=True)
    path = os.path.join(RESULTS, "summary.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, "", *machines]) + "\n")
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
