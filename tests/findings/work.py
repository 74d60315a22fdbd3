# SPDX-License-Identifier: GPL-2.0-only
"""Work with many threads or fibers, counted in instructions, in a root of Debian.

Each is a shell command that succeeds only if its result is right, and that waits for
all that it starts, because the processor time of what nobody waits for is not counted.
"""

from programs import Programs
from real import prints, setup

N = 5000
# One of Debian's databases that gives each connection a thread with a small stack.
DATABASE = "mariadbd --no-defaults --user=root --datadir=/srv/db --socket=/tmp/db.sock"
CLIENTS = 100
PACKAGES = [
    "mariadb-client", "mariadb-server-core", "php-cli", "ruby",
]
BUILD = """
javac /usr/src/Threads.java
mariadb-install-db --no-defaults --force --user=root --datadir=/srv/db --skip-test-db
"""
COMMANDS = {
    "threads-64-KiB": "/files/work-dynamic threads libc 64 10000",
    "threads-8-MiB": "/files/work-dynamic threads libc 8192 10000",
    "server-64-KiB": "/files/work-dynamic server libc 64 2000",
    "server-8-MiB": "/files/work-dynamic server libc 8192 2000",
    "java": prints(
        N * (N - 1) // 2,
        f"java -Xint -Xss256k -Xmx256m -XX:+UseSerialGC -cp /usr/src Threads {N} 10"),
    "php-fibers": prints(N * (N + 1) // 2, f"""php -r '
$sum = 0; $all = [];
for ($i = 0; $i < {N}; $i++)
    $all[] = new Fiber(function () use ($i) {{ return Fiber::suspend($i) + $i; }});
foreach ($all as $f) $f->start();
foreach ($all as $f) {{ $f->resume(1); $sum += $f->getReturn(); }}
echo $sum;'"""),
    "ruby-fibers": prints(N * (N + 1) // 2, f"""ruby -e '
all = (1..{N}).map {{ |i| Fiber.new {{ Fiber.yield; i }} }}
all.each(&:resume)
puts all.map(&:resume).sum'"""),
    "mariadb": f"""
        {DATABASE} --skip-innodb --skip-networking --skip-grant-tables \\
            --default-storage-engine=Aria >log 2>&1 &
        for i in $(seq 150); do test -S /tmp/db.sock && break; sleep 1; done
        mariadb-slap --no-defaults --socket=/tmp/db.sock --concurrency={CLIENTS} \\
            --number-of-queries={5 * CLIENTS} --auto-generate-sql >slap 2>&1
        result=$?
        kill $!; wait $!
        test $result = 0 || {{ cat log slap; exit 1; }} """,
}
PROGRAMS = Programs(PACKAGES, setup("Threads.java", BUILD), COMMANDS, "work", ("work-dynamic",))
