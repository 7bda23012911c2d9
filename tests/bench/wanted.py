"""What the daemon's CPU is where a receiver wants few of the camera's frames."""
import common
import pictures

SIZE = "1080p"
WISHES = {"all": [], "--max-fps 1": ["--max-fps", "1"], "--every 30": ["--every", "30"]}


def run(*wish):
    """The daemon's CPU time for so many captured frames at 30 a second, in percent of one core."""
    frames = common.pick(300, 60)
    with common.daemon("--source", pictures.photographs(SIZE), "--fps", "30", "--frames",
                       frames) as daemon:
        with common.receiver(daemon.address, "--null", "--lossless", *wish) as receiver:
            receiver.wait()
            daemon.expect()
            return (daemon.cpu_total() - daemon.ready_cpu) / (frames / 30) * 100


def main():
    results = common.Results("wanted", "Few frames wanted of 30 a second, plain TCP, loopback")
    found = common.interleave(common.REPEATS,
                              **{name: lambda wish=wish: run(*wish)
                                 for name, wish in WISHES.items()})
    rows = [[name, common.spread(found[name]),
             common.spread(common.ratios(found[name], found["all"]))] for name in WISHES]
    results.table(f"{SIZE} photographs: the daemon's CPU, % of a core",
                  ["wanted", "median (least-most)", "of all"], rows)
    for name in list(WISHES)[1:]:
        results.summary(f"{SIZE}30, {name}: daemon's CPU, of that for all frames",
                        common.spread(common.ratios(found[name], found["all"])), "0.1")
    results.save(cpu=found)


if __name__ == "__main__":
    main()
