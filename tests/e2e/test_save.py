#!/usr/bin/env python3
"""--save and --latency through kills and on disks that fail: nothing half is ever seen, the index
names what is there, each loss is counted and told, and saving goes on as soon as it can."""
import csv
import errno
import fcntl
import io
import os
import random
import re
import shutil
import signal
import subprocess
import threading

import harness

DISK_SHIM = os.environ.get("DISK_SHIM", "libdisk_shim.so")
KILLS = 200
COLUMNS = 25
# Options of the runs that are killed, one list for each worker.
WORKERS = ([], [], ["--sync", "10"], ["--sync", "each"])


def read_rows(folder):
    """The whole lines of an index, and what follows the last one."""
    with open(os.path.join(folder, "frames.csv"), newline="", encoding="utf-8") as file:
        text = file.read()
    whole = text.rfind("\n") + 1
    return list(csv.DictReader(io.StringIO(text[:whole]))), text[whole:]


def read_objects(folder):
    """The objects of the whole lines of frames.jsonl, and what follows the last one."""
    with open(os.path.join(folder, "frames.jsonl"), "rb") as file:
        *lines, torn = file.read().split(b"\n")
    return [harness.read_object(line) for line in lines], torn


def numbered(count, first=1):
    return [f"frame-{number:08}.jpg" for number in range(first, first + count)]


def list_files(folder):
    """Pictures, and temporary files; there is nothing else but the indexes."""
    names = set(os.listdir(folder)) - harness.INDEXES
    pictures = {name for name in names if name.endswith(".jpg")}
    parts = {name for name in names if name.endswith(".part")}
    assert names == pictures | parts, names
    return pictures, parts


def mount(folder, size="64m"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True,
                   timeout=harness.BOUND)


def unmount(folder):
    subprocess.run(["umount", "--lazy", folder], check=True, timeout=harness.BOUND)


class Saving(harness.Case):
    def setUp(self):
        super().setUp()
        self.out = self.path("out")

    def pictures(self):
        try:
            return list_files(self.out)[0]
        except FileNotFoundError:
            return set()

    def wait_for_pictures(self, more):
        before = len(self.pictures())
        self.wait_until(lambda: len(self.pictures()) >= before + more, f"{more} more pictures")

    def end(self, host):
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 4, host.log())

    def saved(self, host):
        """The numbers of frames that were saved, and that were not: all that were kept."""
        totals = host.wait_for(r"^saved (\d+) frames[^;]*(?:; (\d+) could not be saved)?$")
        saved, lost = int(totals.group(1)), int(totals.group(2) or 0)
        left_out = re.search(r"(\d+) received after the end", host.log())
        received = self.assertSummary(host)[1]
        self.assertEqual(saved + lost, received - (int(left_out.group(1)) if left_out else 0))
        return saved, lost

    def assertAccounts(self, host, gone=()):
        """As seen from outside: pictures, lines and the summary say the same. gone: pictures that
        the test has removed."""
        saved, lost = self.saved(host)
        rows, torn = read_rows(self.out)
        pictures, parts = list_files(self.out)
        names = [row["file"] for row in rows]
        self.assertEqual((torn, parts), ("", set()))
        self.assertEqual(names, numbered(saved))
        self.assertEqual(sorted(names), sorted(pictures | set(gone)))
        there = [row for row in rows if row["file"] in pictures]
        self.assertEqual(self.painted(self.out, [row["file"] for row in there]),
                         [int(row["id"]) for row in there])
        return lost


class Kills(Saving):
    def kill_one(self, chance, address, folder, options):
        """Starts a run, and kills it while it starts or saves."""
        program = harness.Program(harness.PITETHER, address, "--save", folder, *options)
        try:
            if chance.random() < 0.8:
                program.wait_for("camera")
            code = program.process.wait(chance.uniform(0, 0.06))
            raise AssertionError(f"ended with {code}: {program.log()}")
        except subprocess.TimeoutExpired:
            pass
        finally:
            program.kill()

    def check_killed(self, folder, kills):
        if not os.path.exists(os.path.join(folder, "frames.csv")):
            return
        rows, _ = read_rows(folder)
        pictures, parts = list_files(folder)
        names = {row["file"] for row in rows}
        self.assertEqual(len(names), len(rows))
        self.assertLessEqual(names, pictures)
        self.assertLessEqual(len(pictures - names), kills)
        self.check_objects(folder, names, pictures, kills)
        self.assertLessEqual(len(parts), 1, "the run before this one left another")

    def check_objects(self, folder, names, pictures, kills):
        """Each picture that is in frames.csv is in frames.jsonl, and a kill between the two leaves
        one more there. Returns what follows the last line."""
        objects, torn = read_objects(folder)
        files = [entry["file"] for entry in objects]
        self.assertEqual(len(files), len(set(files)))
        self.assertLessEqual(names, set(files))
        self.assertLessEqual(set(files), pictures)
        self.assertLessEqual(len(files) - len(names), kills)
        return torn

    def check_all(self, folder, kills):
        rows, torn = read_rows(folder)
        pictures, parts = list_files(folder)
        self.assertEqual((torn, parts), ("", set()))
        for row in rows:
            self.assertEqual(len(row), COLUMNS)
            self.assertNotIn(None, row.values())
            self.assertEqual(os.path.getsize(os.path.join(folder, row["file"])),
                             int(row["bytes"]))
        self.assertEqual(self.painted(folder, [row["file"] for row in rows]),
                         [int(row["id"]) for row in rows])
        names = {row["file"] for row in rows}
        self.assertLessEqual(len(pictures - names), kills)
        self.assertEqual(self.check_objects(folder, names, pictures, kills), b"")
        self.assertEqual(sorted(pictures), numbered(len(pictures)))
        return self.painted(folder, sorted(pictures))

    def work(self, seed, daemon, folder, options, failures):
        chance = random.Random(seed)
        count = KILLS // len(WORKERS)
        try:
            for kills in range(1, count + 1):
                self.kill_one(chance, daemon.address, folder, options)
                self.check_killed(folder, kills)
            last = harness.Program(harness.PITETHER, daemon.address, "--save", folder, "--frames",
                                   "20", *options)
            try:
                self.assertDone(last)
            finally:
                last.kill()
            ids = self.check_all(folder, count)
            self.assertEqual(ids, sorted(set(ids)), "the names are in another order")
        except BaseException as error:
            failures.append(f"seed {seed}, {options}, {folder}: {error!r}")

    def test_kills_at_random_moments(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        daemon = self.daemon(size="160x120", fps="400")
        failures = []
        workers = [threading.Thread(target=self.work, args=(seed + i, daemon, self.path(f"out{i}"),
                                                            options, failures))
                   for i, options in enumerate(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failures, [])

    def test_the_next_run_goes_on(self):
        """After a kill and with another daemon, whose frames have the same ids, numbers go on."""
        daemon = self.daemon()
        host = self.host(daemon, "--save", self.out)
        self.wait_for_pictures(5)
        host.kill()
        before, _ = read_rows(self.out)
        daemon.kill()
        with open(os.path.join(self.out, "frames.csv"), "a", encoding="ascii") as file:
            file.write("frame-0000")
        with open(os.path.join(self.out, "frames.jsonl"), "a", encoding="ascii") as file:
            file.write('{"file":"frame-0000')
        daemon = self.daemon()
        host = self.run_host(daemon, "--save", self.out, "--frames", "5")
        host.wait_for("frames.csv ended in half a line of 10 bytes: cut it off")
        host.wait_for("frames.jsonl ended in half a line of 19 bytes: cut it off")
        rows, torn = read_rows(self.out)
        self.assertEqual((rows[:len(before)], len(rows), torn), (before, len(before) + 5, ""))
        self.check_all(self.out, 1)
        self.assertGreater(rows[len(before)]["file"], before[-1]["file"])

    def test_only_what_the_dead_have_left_is_removed(self):
        part = os.path.join(self.out, ".pitether-0123456789abcdef.part")
        mine = os.path.join(self.out, ".pitether-mine.part")
        daemon = self.daemon()
        alive = self.host(daemon, "--save", self.out)
        self.wait_for_pictures(1)
        os.symlink(self.path("nowhere"), part)
        with open(mine, "w", encoding="ascii"):
            pass
        self.run_host(daemon, "--save", self.out, "--frames", "2")
        self.assertTrue(os.path.lexists(part))
        alive.kill()
        host = self.run_host(daemon, "--save", self.out, "--frames", "2")
        host.wait_for("removed [12] half-written frames")
        self.assertEqual(list_files(self.out)[1], {".pitether-mine.part"})
        os.remove(mine)
        self.check_all(self.out, 1)


    def test_two_save_into_one_folder(self):
        daemon = self.daemon(fps="100")
        hosts = [self.host(daemon, "--save", self.out, "--sync", sync) for sync in ("off", "each")]
        self.wait_for_pictures(100)
        for host in hosts:
            host.send(signal.SIGINT)
        for host in hosts:
            self.assertDone(host)
        count = len(self.check_saved(self.out))
        self.assertEqual(sum(self.saved(host)[0] for host in hosts), count)
        self.assertEqual([row["file"] for row in self.index(self.out)], numbered(count))


class Names(Saving):
    def test_ffmpeg_reads_all_runs(self):
        """What --every, a second run and a restarted daemon add has no gap, and is in order."""
        for options in (["--every", "7"], [], ["--every", "3"]):
            daemon = self.daemon(fps="100")
            for _ in range(2):
                self.run_host(daemon, "--save", self.out, "--frames", "6", *options)
            daemon.kill()
        rows = self.index(self.out)
        self.assertEqual([row["file"] for row in rows], numbered(6 * 6))
        film = self.path("film.mjpeg")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i",
                        os.path.join(self.out, "frame-%08d.jpg"), "-c", "copy", "-f", "mjpeg",
                        film], check=True, timeout=harness.BOUND)
        pictures = b""
        for name in sorted(list_files(self.out)[0]):
            with open(os.path.join(self.out, name), "rb") as file:
                pictures += file.read()
        with open(film, "rb") as file:
            self.assertEqual(file.read(), pictures)


class Mistakes(Saving):
    """What is named by mistake is not made, and not overwritten."""

    def recipe(self, name, product):
        """What is told in the place of --save NAME, as it is written, works: returns the codec, and
        how many frames were written and are there."""
        daemon = self.daemon("--frames", "20")
        host = self.fails(2, f"'{name}' is not a folder's name; ", harness.PITETHER, daemon.address,
                          "--save", name)
        self.assertFalse(os.path.exists(name))
        command = re.search(r": (pitether HOST .*)$", host.log()).group(1)
        command = command.replace("HOST", daemon.address, 1)
        command = command.replace("pitether", f"'{harness.PITETHER}'", 1)
        if "ffmpeg" in command:
            command = command.replace("ffmpeg", "ffmpeg -nostdin -v error")
        told = subprocess.run(["sh", "-c", command], cwd=self.folder, check=True, text=True,
                              stderr=subprocess.PIPE, timeout=harness.BOUND).stderr
        written = re.search(r"wrote (\d+) frames to standard output", told).group(1)
        probe = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v",
                                "-show_entries", "stream=nb_read_frames,codec_name", "-of",
                                "csv=p=0", self.path(product)], check=True, text=True,
                               stdout=subprocess.PIPE, timeout=harness.BOUND).stdout
        return (*probe.strip().split(","), written)

    def test_a_video(self):
        codec, frames, written = self.recipe(self.path("clip.mp4"), "video.mkv")
        self.assertEqual((codec, frames), ("mjpeg", written))

    def test_a_picture(self):
        self.assertEqual(self.recipe(self.path("clip.jpg"), "picture.jpg"), ("mjpeg", "1", "1"))

    def test_a_file(self):
        with open(self.out, "w", encoding="ascii") as file:
            file.write("mine")
        self.fails(4, "--save: can't write into .*: Not a directory", harness.PITETHER, "localhost",
                   "--save", self.out)
        self.fails(4, "--latency: can't write .* is left as it is", harness.PITETHER, "localhost",
                   "--null", "--latency", self.out)
        with open(self.out, encoding="ascii") as file:
            self.assertEqual(file.read(), "mine")

    def test_an_index_as_latency(self):
        daemon = self.daemon()
        self.run_host(daemon, "--save", self.out, "--frames", "3")
        index, link = os.path.join(self.out, "frames.csv"), self.path("link.csv")
        with open(index, "rb") as file:
            before = file.read()
        os.symlink(index, link)
        self.fails(2, "frames.csv is what --save calls its index", harness.PITETHER, daemon.address,
                   "--null", "--latency", index)
        self.fails(4, "is left as it is", harness.PITETHER, daemon.address, "--null", "--latency",
                   link)
        with open(index, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_latency_on_standard_output(self):
        """Each line comes at once; who closes it loses lines, and is told."""
        host = self.host(self.daemon(), "--null", "--latency", "-", stdout=subprocess.PIPE)
        head = host.process.stdout.readline()
        self.assertTrue(head.startswith("epoch,id,sensor_ns,"), head)
        ids = [int(host.process.stdout.readline().split(",")[1]) for _ in range(3)]
        self.assertEqual(ids, list(range(ids[0], ids[0] + 3)))
        host.process.stdout.close()
        host.wait_for("latency: the line of frame [0-9]+ could not be written: Broken pipe")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 4, host.log())
        host.wait_for(r"--latency: \d+ lines of standard output were lost")
        self.assertEqual(os.listdir(self.folder), ["socket"])
        closed = self.start("sh", "-c", f"exec '{harness.PITETHER}' --null --latency - x >&-")
        self.assertEqual(closed.wait(), 2)
        closed.wait_for("--latency -: standard output is closed")

    def test_keys(self):
        """A file of something else does not become one of keys."""
        path = self.path("notes")
        for text in ("remember the milk\n", "\x7fELF\x02\x01\x01\x00\x00", "file,epoch,id\n"):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(path, 0o600)
            self.fails(2, f"{path}:1: ", harness.PITETHERD, "--keys", path, "--add-key", "x")
            self.fails(2, f"{path}:1: ", harness.PITETHERD, "--keys", path, "--revoke", "x")
            self.fails(2, f"{path}:1: ", harness.PITETHER, "--keys", path, "--forget-key", "x")
            key = self.start("sh", "-c", f"'{harness.PITETHERD}' --keys '{self.path('keys')}' "
                             f"--add-key x | exec '{harness.PITETHER}' --keys '{path}' "
                             "--import-key x")
            self.assertEqual(key.wait(), 2, key.log())
            os.remove(self.path("keys"))
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), text)


class Disks(Saving):
    def test_full_disk(self):
        os.mkdir(self.out)
        mount(self.out, "512k")
        self.addCleanup(unmount, self.out)
        host = self.host(self.daemon(fps="200"), "--save", self.out)
        gone = set()
        for count in (1, 2):
            host.wait_for("save: frame .* could not be written: No space left on device", count)
            for name in sorted(self.pictures())[:8]:
                os.remove(os.path.join(self.out, name))
                gone.add(name)
            host.wait_for("works again; [0-9]+ frames were lost meanwhile", count)
        self.end(host)
        self.assertGreater(self.assertAccounts(host, gone), 0)
        self.assertLess(len(host.lines), 60, host.log())

    def test_folder_that_turns_read_only(self):
        os.mkdir(self.out)
        host = self.start("setpriv", "--inh-caps=-all", "--bounding-set=-all", harness.PITETHER,
                          self.daemon().address, "--save", self.out)
        self.wait_for_pictures(3)
        os.chmod(self.out, 0o555)
        host.wait_for("could not be written: Permission denied")
        os.chmod(self.out, 0o755)
        host.wait_for("works again")
        self.end(host)
        self.assertGreater(self.assertAccounts(host), 0)

    def test_folder_that_is_removed(self):
        host = self.host(self.daemon(), "--save", self.out)
        self.wait_for_pictures(3)
        host.send(signal.SIGSTOP)
        os.waitpid(host.process.pid, os.WUNTRACED)
        before = len(read_rows(self.out)[0])
        shutil.rmtree(self.out)
        host.send(signal.SIGCONT)
        host.wait_for("could not be written: No such file")
        self.assertFalse(os.path.exists(self.out))
        os.mkdir(self.out)
        host.wait_for("works again")
        self.end(host)
        saved, lost = self.saved(host)
        after = len(self.check_saved(self.out))
        # One may have been named, and its line not yet written, when it was stopped.
        self.assertIn(saved - before - after, (0, 1))
        self.assertGreater(lost, 0)

    def test_disk_that_is_unplugged(self):
        os.mkdir(self.out)
        mount(self.out)
        host = self.host(self.daemon(), "--save", self.out)
        self.wait_for_pictures(3)
        unmount(self.out)
        host.wait_for("could not be written: No such device")
        self.assertEqual(os.listdir(self.out), [])
        mount(self.out)
        self.addCleanup(unmount, self.out)
        host.wait_for("works again")
        self.end(host)
        self.check_saved(self.out)
        self.assertGreater(self.saved(host)[1], 0)

    def make_fifo(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        return fifo, reader

    def test_latency_on_a_slow_disk(self):
        """A run that ends by itself waits until all lines are written, as it does for frames."""
        fifo, reader = self.make_fifo()
        host = self.host(self.daemon(fps="200"), "--save", self.out, "--latency", fifo, "--frames",
                         200)
        host.wait_for("latency: still writing what is left")
        with self.assertRaises(subprocess.TimeoutExpired):
            host.process.wait(3)
        os.set_blocking(reader, True)
        with os.fdopen(os.dup(reader)) as lines:
            self.assertGreaterEqual(len(lines.readlines()), 1 + 200)
        self.assertDone(host)
        host.wait_for("saved 200 frames")

    def test_latency_on_a_disk_that_hangs(self):
        """A FIFO that nobody reads costs lines, and no frames."""
        fifo, reader = self.make_fifo()
        host = self.host(self.daemon("--unpaced", size="64x64", fps=None), "--null", "--lossless",
                         "--latency", fifo)
        host.wait_for("latency: the file takes lines too slowly")
        host.send(signal.SIGINT)
        self.assertEqual(host.wait(), 4, host.log())
        lost = int(host.wait_for(r"--latency: (\d+) lines of .*fifo were lost").group(1))
        lines = os.read(reader, 1 << 16).decode("ascii").splitlines(keepends=True)
        received = self.assertSummary(host)[1]
        self.assertEqual(len(lines) - 1 + lost, received)
        self.assertTrue(all(line.count(",") == 17 and line.endswith("\n") for line in lines))

    def test_latency_on_a_full_disk(self):
        self.fails(4, "--latency: can't write /dev/full: No space left", harness.PITETHER,
                   "localhost", "--null", "--latency", "/dev/full")


class Shimmed(Saving):
    """With what writes down its calls, and makes them fail on cue."""

    def setUp(self):
        super().setUp()
        self.fault, self.calls = self.path("fault"), self.path("calls")

    def shimmed(self, daemon, *options):
        return self.start("env", f"LD_PRELOAD={DISK_SHIM}", f"DISK_SHIM_FAULT={self.fault}",
                          f"DISK_SHIM_LOG={self.calls}", "ASAN_OPTIONS=verify_asan_link_order=0",
                          harness.PITETHER, daemon.address, "--save", self.out, *options)

    def set_fault(self, call, number):
        with open(self.fault + ".new", "w", encoding="ascii") as file:
            file.write(f"{call} {number}\n")
        os.rename(self.fault + ".new", self.fault)

    def calls_of(self, *options):
        """The calls for each frame, after those that make the indexes."""
        self.assertDone(self.shimmed(self.daemon(listen="127.0.0.1:0"), *options))
        with open(self.calls, encoding="ascii") as file:
            calls = file.read().splitlines()
        os.remove(self.calls)
        shutil.rmtree(self.out)
        self.assertEqual(calls[:3], ["openat json", "openat csv", "write csv"])
        return calls[3:]

    def test_the_order_of_sync(self):
        picture = ["openat temporary", "write temporary", "rename temporary"]
        frame = [*picture, "write json", "write csv"]
        each = ["openat temporary", "write temporary", "fdatasync temporary", "rename temporary",
                "fsync folder", "write json", "write csv", "fdatasync json", "fdatasync csv"]
        self.assertEqual(self.calls_of("--frames", "4"), 4 * frame)
        self.assertEqual(self.calls_of("--frames", "4", "--sync", "each"),
                         [*each[:4], "fsync folder", *each[4:], *(3 * each)])  # the one above, once
        self.assertEqual(self.calls_of("--frames", "7", "--sync", "3"),
                         2 * (3 * frame + ["syncfs folder"]) + frame + ["syncfs folder"])

    def test_calls_that_fail_for_a_while(self):
        for call, number, *options in (("write", errno.EDQUOT), ("openat", errno.EROFS),
                                       ("rename", errno.EIO),
                                       ("fdatasync", errno.EIO, "--sync", "each"),
                                       ("fsync", errno.ENOSPC, "--sync", "each"),
                                       ("syncfs", errno.EIO, "--sync", "2")):
            with self.subTest(call=call):
                daemon = self.daemon(listen="127.0.0.1:0")
                host = self.shimmed(daemon, *options)
                self.wait_for_pictures(3)
                self.set_fault(call, number)
                host.wait_for(f"save: frame .* could not be written: {os.strerror(number)}")
                os.remove(self.fault)
                host.wait_for("works again")
                self.end(host)
                self.assertGreater(self.assertAccounts(host), 0)
                shutil.rmtree(self.out)
                daemon.kill()

    def test_the_last_sync_fails(self):
        host = self.shimmed(self.daemon(), "--sync", "1000000")
        self.wait_for_pictures(3)
        self.set_fault("syncfs", errno.EIO)
        self.end(host)
        host.wait_for("since the last --sync may not be on the disk: Input/output error")
        self.assertEqual(self.assertAccounts(host), 0)


if __name__ == "__main__":
    harness.enter_namespaces("--mount")  # nothing is left mounted
    harness.main()
