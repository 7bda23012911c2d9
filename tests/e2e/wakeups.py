"""How often a program is woken."""
import os
import time

PERIOD = 6  # seconds for which it is watched


def _count(pid, all_threads):
    """How often its threads, or the first one alone, went to sleep by themselves."""
    total, folder = 0, f"/proc/{pid}/task"
    for thread in os.listdir(folder) if all_threads else [str(pid)]:
        try:
            with open(f"{folder}/{thread}/status", encoding="ascii", errors="replace") as file:
                total += sum(int(line.split()[1]) for line in file
                             if line.startswith("voluntary_ctxt_switches"))
        except FileNotFoundError:
            pass  # a thread that has ended
    return total


def rate(pid, most, all_threads=True):
    """Wake-ups a second, over a while in which nothing is done to it. One with more than are wanted
    may have had something left to do, and is given another chance, and a third."""
    for _ in range(3):
        before, begin = _count(pid, all_threads), time.monotonic()
        time.sleep(PERIOD)
        seen = (_count(pid, all_threads) - before) / (time.monotonic() - begin)
        if seen <= most:
            break
    return seen
