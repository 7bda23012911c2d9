#!/usr/bin/env python3
"""Keys are made, carried over, listed and revoked by the real commands, and never shown but once."""
import os
import re
import stat
import subprocess

import harness

LINE = re.compile(r"^(\S+) (view|control) ([0-9a-f]{32}) ([0-9a-f]{64})\n$")
SECRET = re.compile(r"[0-9a-f]{64}", re.I)


class Keys(harness.Case):
    def setUp(self):
        super().setUp()
        self.keys = self.path("etc", "keys")
        self.host_keys = self.path("home", ".config", "pitether", "keys")
        os.mkdir(self.path("home"))
        self.environment = {**os.environ, "HOME": self.path("home")}
        self.environment.pop("XDG_CONFIG_HOME", None)
        self.environment.pop("CREDENTIALS_DIRECTORY", None)

    def run_program(self, *command, code=0, **options):
        """Runs it to its end; standard error never has a secret."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=harness.BOUND, env=self.environment, check=False, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIsNone(SECRET.search(done.stderr), done.stderr)
        return done

    def on_device(self, *options, keys=None, code=0, **keywords):
        return self.run_program(harness.PITETHERD, "--keys", keys or self.keys, *options, code=code,
                                **keywords)

    def on_host(self, *options, text="", code=0):
        return self.run_program(harness.PITETHER, *options, code=code, input=text)

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def mode(self, path):
        return stat.S_IMODE(os.stat(path).st_mode)

    def test_pairing_through_a_pipe(self):
        pipe = (f"'{harness.PITETHERD}' --keys '{self.keys}' --add-key laptop |"
                f"'{harness.PITETHER}' --import-key Pi.Local:7484")
        done = self.run_program("sh", "-c", pipe)
        self.assertEqual(done.stdout, "")
        self.assertIn("now has a key named laptop, to view", done.stderr)
        self.assertIn("stored the key for Pi.Local:7484 in", done.stderr)
        here, there = self.read(self.keys), self.read(self.host_keys)
        self.assertRegex(here, LINE)
        self.assertEqual(here.split()[1:], there.split()[1:])
        self.assertEqual((here.split()[0], there.split()[0]), ("laptop", "pi.local"))
        for path in (self.keys, self.host_keys):
            self.assertEqual(self.mode(path), 0o600)
            self.assertEqual(self.mode(os.path.dirname(path)), 0o700)

    def test_a_key_is_printed_once_and_then_only_listed(self):
        first = self.on_device("--add-key", "laptop").stdout
        second = self.on_device("--add-key", "phone", "--role", "control").stdout
        self.assertRegex(first, LINE)
        self.assertRegex(second, LINE)
        self.assertNotEqual(first.split()[2:], second.split()[2:])
        self.assertEqual(self.read(self.keys), first + second)
        listed = self.on_device("--list-keys").stdout
        self.assertEqual(listed, "".join(" ".join(line.split()[:3]) + "\n"
                                         for line in (first, second)))
        self.assertEqual(self.on_device("--list-keys", keys=self.path("none")).stdout, "")

    def test_a_name_is_taken_until_it_is_revoked(self):
        before = self.on_device("--add-key", "laptop").stdout
        error = self.on_device("--add-key", "laptop", code=2)
        self.assertEqual(error.stdout, "")
        self.assertIn("remove it first: pitetherd --revoke laptop", error.stderr)
        self.assertEqual(self.read(self.keys), before)
        self.assertIn("SIGHUP", self.on_device("--revoke", "laptop").stderr)
        self.assertEqual(self.read(self.keys), "")
        self.assertIn("no key named laptop", self.on_device("--revoke", "laptop", code=2).stderr)
        self.assertNotEqual(self.on_device("--add-key", "laptop").stdout, before)

    def test_open_files_are_refused(self):
        self.on_device("--add-key", "laptop")
        for mode in (0o640, 0o604, 0o620):
            os.chmod(self.keys, mode)
            for command in (("--list-keys",), ("--add-key", "x"), ("--revoke", "laptop")):
                error = self.on_device(*command, code=2).stderr
                self.assertIn(f"chmod 600 {self.keys}", error)

    def test_junk_is_refused_by_line_and_not_quoted(self):
        line = self.on_device("--add-key", "laptop").stdout
        with open(self.keys, "a", encoding="utf-8") as file:
            file.write("# fine\n" + line.replace("laptop", "other")[:-2] + "\n")
        for command in (("--list-keys",), ("--add-key", "x"), ("--revoke", "laptop")):
            error = self.on_device(*command, code=2).stderr
            self.assertIn(f"{self.keys}:3: the id must be followed by a secret", error)

    def test_names_and_commands_that_make_no_sense(self):
        for name in ("two words", "#1", "x" * 65, "tab\t", ""):
            self.on_device("--add-key", name, code=2)
        self.assertIn("give one of them",
                      self.on_device("--add-key", "x", "--list-keys", code=2).stderr)
        self.assertIn("role", self.on_device("--add-key", "x", "--role", "admin", code=2).stderr)
        self.assertFalse(os.path.exists(self.keys))

    def test_a_key_that_can_not_be_printed_is_not_kept(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([harness.PITETHERD, "--keys", self.keys, "--add-key", "laptop"],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                  timeout=harness.BOUND)
        self.assertEqual(done.returncode, 1)
        self.assertIn("it was not kept: No space left", done.stderr)
        self.assertEqual(self.read(self.keys), "")
        closed = self.run_program("sh", "-c", f"'{harness.PITETHERD}' --keys '{self.keys}' "
                                  "--add-key laptop >&-", code=2)
        self.assertIn("standard output, where the key goes, is closed", closed.stderr)
        self.assertEqual(self.read(self.keys), "")

    def test_a_list_that_can_not_be_printed(self):
        self.on_device("--add-key", "laptop")
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([harness.PITETHERD, "--keys", self.keys, "--list-keys"],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                  timeout=harness.BOUND)
        self.assertEqual(done.returncode, 1)
        self.assertIn("can't write to standard output: No space left", done.stderr)

    def test_a_file_that_may_not_be_read(self):
        """Root may read it, too, but for its capabilities."""
        bare = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
        self.on_device("--add-key", "laptop")
        os.chmod(self.keys, 0)
        for command in (("--list-keys",), ("--revoke", "laptop"), ("--source", "pattern")):
            done = self.run_program(*bare, harness.PITETHERD, "--keys", self.keys, *command, code=2)
            self.assertIn("Permission denied (mode 000): chmod 600 " + self.keys, done.stderr)
        below = os.path.join(self.keys, "keys")
        self.assertIn("Not a directory", self.on_device("--list-keys", keys=below, code=2).stderr)

    def test_two_commands_at_once(self):
        names = [f"receiver-{i}" for i in range(16)]
        programs = [self.start(harness.PITETHERD, "--keys", self.keys, "--add-key", name)
                    for name in names]
        for program in programs:
            self.assertEqual(program.wait(), 0, program.log())
        listed = self.on_device("--list-keys").stdout.splitlines()
        self.assertEqual(sorted(line.split()[0] for line in listed), sorted(names))

    def test_importing(self):
        line = self.on_device("--add-key", "laptop").stdout
        other = self.on_device("--add-key", "other").stdout
        self.on_host("--import-key", "PI.local.", text=line)
        self.assertIn("replaced the key for pi.local in",
                      self.on_host("--import-key", "pi.local", text=other).stderr)
        self.on_host("--import-key", "[FE80:0::1]:7484", text="# comment\r\n\r\n" + line[:-1] + "\r")
        self.assertEqual([row.split()[0] for row in self.read(self.host_keys).splitlines()],
                         ["pi.local", "fe80::1"])
        self.assertEqual(self.read(self.host_keys).split()[3], other.split()[3])
        self.on_host("--forget-key", "PI.LOCAL")
        self.assertIn("no key named pi.local",
                      self.on_host("--forget-key", "pi.local", code=2).stderr)
        self.assertEqual(len(self.read(self.host_keys).splitlines()), 1)

    def test_what_is_not_imported(self):
        line = self.on_device("--add-key", "laptop").stdout
        for text, why in (("", "that is not a key: give"),
                          ("# none\n", "that is not a key: give"),
                          (line + line.replace("laptop", "b").replace(line.split()[2], "0" * 32),
                           "more than one key"),
                          ("sudo: a password is required\n", "the key's line:1: the name must"),
                          (line[:-2] + "\n", "the key's line:1: the id must"),
                          ("x" * 5000, "longer than the line of a key")):
            self.assertIn(why, self.on_host("--import-key", "pi", text=text, code=2).stderr)
        for where in ("unix:/run/x", "x" * 65, "pi:99999"):
            self.on_host("--import-key", where, text=line, code=2)
        self.on_host("--import-key", "pi", "other", text=line, code=2)
        self.assertFalse(os.path.exists(self.host_keys))


if __name__ == "__main__":
    harness.main()
