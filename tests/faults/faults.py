"""What can go wrong with each call, and programs that run with one such fault: see inject.c."""
import collections
import errno
import os
import re
import signal
import socket
import subprocess

import harness

INJECT = os.environ["INJECT"]

# How long a program whose call fails for good may try before it is told to end.
PATIENCE = 1

FILES = "EMFILE ENFILE ENOMEM"
ERRORS = {
    "malloc": "ENOMEM",
    "calloc": "ENOMEM",
    "realloc": "ENOMEM",
    "aligned_alloc": "ENOMEM",
    "open64": FILES + " EACCES EINTR EIO",
    "openat64": FILES + " ENOSPC EROFS EDQUOT EINTR",
    "fopen64": FILES + " ENOSPC",
    "fstat64": "EIO ENOMEM",
    "stat64": "EIO ENOENT",
    "lstat64": "EIO ENOENT",
    "fstatat64": "EIO ENOENT",
    "lseek64": "EINVAL",
    "fdopendir": "ENOMEM",
    "readdir64": "EIO",
    "syncfs": "EIO ENOSPC",
    "access": "EIO ENOENT",
    "fchown": "EIO EROFS",
    "flock": "EINTR ENOLCK",
    "mmap64": "ENOMEM EAGAIN",
    "mkdir": "ENOSPC EROFS EDQUOT",
    "read": "EINTR EAGAIN",
    "readv": "short EINTR EAGAIN ECONNRESET ENOMEM",
    "recv": "EINTR EAGAIN ECONNRESET",
    "pread64": "short EINTR EIO",
    "write": "short EINTR EAGAIN ENOSPC EDQUOT EIO",
    "sendmsg": "short EINTR EAGAIN ECONNRESET EPIPE ENOBUFS",
    "sendto": "EAGAIN ECONNREFUSED",
    "fsync": "EIO ENOSPC EINTR",
    "fdatasync": "EIO ENOSPC EINTR",
    "ftruncate64": "EIO EINTR",
    "rename": "ENOSPC EIO",
    "renameat": "ENOSPC EIO",
    "renameat2": "ENOSPC EIO EINVAL",
    "linkat": "ENOSPC EPERM",
    "unlink": "EIO EROFS",
    "unlinkat": "EIO EROFS",
    "close": "EIO EINTR ENOSPC",
    "socket": FILES + " ENOBUFS",
    "socketpair": FILES,
    "fork": "EAGAIN ENOMEM",
    "send": "EINTR EPIPE ENOBUFS",
    "recvmsg": "EINTR EAGAIN ENOMEM",
    "getpwnam": "EIO ENOMEM",
    "getgrnam": "EIO ENOMEM",
    "setgroups": "EPERM ENOMEM",
    "setresgid": "EPERM",
    "setresuid": "EPERM EAGAIN",
    "bind": "EADDRINUSE EACCES ENOMEM",
    "listen": "EADDRINUSE",
    "accept4": "EINTR EAGAIN ECONNABORTED EMFILE ENFILE ENOMEM EPERM",
    "connect": "EAGAIN EINTR ECONNREFUSED ETIMEDOUT ENETUNREACH",
    "setsockopt": "ENOMEM ENOPROTOOPT",
    "getsockopt": "ENOBUFS",
    "getsockname": "ENOBUFS",
    "shutdown": "ENOTCONN",
    "getaddrinfo": "EAI_MEMORY EAI_AGAIN EAI_FAIL",
    "poll": "EINTR ENOMEM",
    "epoll_create1": FILES,
    "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_wait": "EINTR EINVAL",
    "eventfd": FILES,
    "timerfd_create": FILES,
    "timerfd_settime": "EINVAL",
    "signalfd": FILES,
    "pthread_create": "EAGAIN",
    "sched_getaffinity": "EINVAL",
    "getrandom": "short EINTR ENOSYS",
}

Fault = collections.namedtuple("Fault", "call at error forever")


def error_number(name):
    if name == "short":
        return 0
    return getattr(errno, name) if hasattr(errno, name) else getattr(socket, name)


class Scenario(harness.Case):
    """A short life of one program, the target, with a fault in it; without one, it is counted how
    often the target makes each call. play() starts the target with start_target() and says what
    else must hold; what holds for every fault is checked here."""

    environment = {}

    def __init__(self, fault=None):
        super().__init__("one_life")
        self.fault = fault
        self.made, self.code, self.failed, self.told = {}, None, 0, set()

    def __str__(self):
        return " ".join([type(self).__name__, *(str(part) for part in self.fault or ())])

    def one_life(self):
        self.play()
        self.code = self.target.process.returncode
        # Told to end when it was about to, it has nobody left to read signals, and is ended by one.
        if -self.code not in self.told:
            self.read_report()
            self.check_target()

    def play(self):
        raise NotImplementedError

    def read(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def write_keys(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def start_target(self, *command, **options):
        # A daemon that has given up root writes the report, too.
        os.chmod(self.folder, 0o755)
        with open(self.path("report"), "w", encoding="ascii") as report:
            os.fchmod(report.fileno(), 0o666)
        environment = {**self.environment, "LD_PRELOAD": INJECT,
                       "INJECT_REPORT": self.path("report"),
                       "ASAN_OPTIONS": "verify_asan_link_order=0:exitcode=99"}
        if self.fault:
            environment.update(INJECT_CALL=self.fault.call, INJECT_AT=str(self.fault.at),
                               INJECT_ERRNO=str(error_number(self.fault.error)))
            if self.fault.forever:
                environment["INJECT_FOREVER"] = "1"
        self.target = self.start(*command, environment=environment, **options)
        return self.target

    def lasts(self):
        """Whether the fault may keep the target from its aim: OpenSSL, once it has had no memory
        to find an algorithm, does not find it later, either."""
        return self.fault and (self.fault.forever or "TLS failed" in self.target.log())

    def tell(self, number):
        self.told.add(number)
        self.target.send(number)

    def wait_target(self):
        """Waits for the target's end. One that is faulty for good may try in vain as long as it
        likes, but must end when it is told to."""
        with self.target.condition:
            self.target.condition.wait_for(lambda: self.target.ended or self.lasts(), harness.BOUND)
        if self.lasts():
            try:
                self.target.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.tell(signal.SIGTERM)
        self.target.wait()

    def read_report(self):
        with open(self.path("report"), encoding="ascii") as report:
            lines = [line.split() for line in report]
        self.made = {line[1]: int(line[2]) for line in lines if line[0] == "made"}
        self.failed = next(int(line[1]) for line in lines if line[0] == "failed")
        left = [line[2] for line in lines if line[0] == "open"]
        # The host's resolver can't be interrupted: one look-up may go on to the program's end.
        if self.target.process.args[0] == harness.PITETHER and left == ["anon_inode:[eventfd]"]:
            left = []
        left = self.without_spared(left)
        self.assertEqual(left, [], self.target.log())

    def without_spared(self, left):
        """Of the descriptors that are still open at the end, those that should not be."""
        return left

    def check_target(self):
        log = self.target.log()
        self.assertNotRegex(log, "Sanitizer|runtime error|Assertion|terminate|stack smashing")
        self.assertNotIn("totals", log)
        self.assertNotIn("broke the protocol", log)
        self.assertIn(self.code, range(0, 7), log)
        errors = re.findall(r"error: (.*)", log)
        if self.code == 0 or self.told:
            return
        self.assertTrue(errors or "warning: " in log or " dropped" in log,
                        f"it says nothing of {self.code}: {log}")
        if self.code <= 2:
            self.assertEqual(len(errors), 1, log)
