"""An emulated arm64 machine: boots what image.sh made, and does there what it is told, over ssh.

IMAGE names the image's folder. The emulator lies in the network namespace of whoever runs it, which
has a loopback interface and nothing else; there, the ports of FORWARDED lead into the machine.
"""
import os
import subprocess

import harness

IMAGE = os.environ["IMAGE"]
MEMORY = "3G"  # files and all
FORWARDED = (22, 7484)

# The last that the kernel's console says once somebody may log in.
READY = "the machine is ready"
READY_UNIT = f"""[Unit]
After=ssh.service systemd-networkd-wait-online.service
Wants=systemd-networkd-wait-online.service
[Service]
Type=oneshot
StandardOutput=tty
TTYPath=/dev/console
ExecStart=echo {READY}
"""


class Machine:
    """Runs from boot() to power_off(). files: where they are to lie in the machine, and their bytes;
    their folders must be there."""

    def __init__(self, folder):
        self.folder = folder
        self.console = None
        self.cables = [f"{folder}/cable{port}" for port in range(2)]
        self.ssh = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder}/known_hosts",
                    "-o", "LogLevel=ERROR", "-o", "ControlMaster=auto", "-o", "ControlPersist=yes",
                    "-o", f"ControlPath={folder}/ssh", "-i", f"{folder}/key"]

    def boot(self, files):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/key"],
                       check=True)
        with open(f"{self.folder}/key.pub", "rb") as key:
            files = {**files, "root/.ssh/authorized_keys": key.read(),
                     "etc/systemd/system/ready.service": READY_UNIT.encode()}
        self._pack(files)
        forward = "".join(f",hostfwd=tcp:127.0.0.1:{port}-:{port}" for port in FORWARDED)
        self.console = harness.Program(
            # What the machine's console says comes out as the emulator's errors do.
            "sh", "-c", 'exec "$@" >&2', "sh",
            "qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-smp", "2",
            "-accel", "tcg,thread=multi", "-m", MEMORY, "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-no-reboot", "-kernel", f"{IMAGE}/kernel",
            "-initrd", f"{self.folder}/initrd",
            "-append", "console=ttyAMA0 quiet systemd.show_status=0 systemd.wants=ready.service",
            "-netdev", f"user,id=net{forward}", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "qemu-xhci", *self._usb_ports())
        self.console.wait_for(READY)

    def _usb_ports(self):
        """Whoever connects to a cable's socket is a device that is plugged in at its port."""
        return [word for port, path in enumerate(self.cables) for word in (
            "-chardev", f"socket,id=cable{port},path={path},server=on,wait=off",
            "-device", f"usb-redir,chardev=cable{port},port={port + 1}")]

    def _pack(self, files):
        """The image, and files that come over it when the kernel unpacks them one after the other."""
        root = f"{self.folder}/root"
        for name, content in files.items():
            os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
            with open(f"{root}/{name}", "wb") as file:
                file.write(content)
            os.chmod(file.name, 0o755 if content[:2] in (b"#!", b"\x7fE") else 0o644)
        with open(f"{self.folder}/initrd", "wb") as initrd:
            with open(f"{IMAGE}/root.cpio.zst", "rb") as image:
                os.sendfile(initrd.fileno(), image.fileno(), 0, os.fstat(image.fileno()).st_size)
            initrd.seek(0, os.SEEK_END)
            initrd.flush()
            subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=root, check=True,
                           input="\n".join(files).encode(), stdout=initrd)

    def command(self, words):
        """The command line that runs a command of the machine's shell."""
        return ["ssh", *self.ssh, "root@127.0.0.1", words]

    def run(self, words, fails=False):
        """Runs it, and returns what it wrote. It must succeed, or fail if that is what is wanted."""
        result = subprocess.run(self.command(words), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=harness.BOUND, check=False)
        if (result.returncode != 0) != fails:
            raise AssertionError(f"{words}: {result.returncode}\n{result.stdout}")
        return result.stdout

    def power_off(self):
        if self.console.ended:
            raise AssertionError("the machine is gone:\n" + self.console.log())
        # The connection may be cut before the command has ended.
        subprocess.run(self.command("systemctl poweroff"), stdin=subprocess.DEVNULL, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=harness.BOUND)
        return self.console.wait()

    def kill(self):
        if self.console:
            self.console.kill()
