# SPDX-License-Identifier: GPL-2.0-only
"""Real programs that tests of the command run. Runs in a guest."""

RUBY = """
4.times.map { Thread.new { 1 } }.each(&:join)
20.times { f = Fiber.new { Fiber.yield 1 }; f.resume; f.resume }
"""
PHP = """
for ($i = 0; $i < 20; $i++) {
    $f[$i] = new Fiber(function () { Fiber::suspend(1); });
    $f[$i]->start();
}
"""
# Shell functions. PostgreSQL has no threads: it asks for a stack when it starts a program.
POSTGRES = """
control() {
    install -d -o postgres /run/postgresql
    su postgres -s /bin/sh -c '
        cd /tmp
        bin=$(ls -d /usr/lib/postgresql/*/bin)
        data=$(ls -d /var/lib/postgresql/*/main)
        conf=$(ls /etc/postgresql/*/main/postgresql.conf)
        $bin/pg_ctl -w -t 120 -D $data -o "-c config_file=$conf -c ssl=off" \\
            -l /tmp/pg.log "$0" || { cat /tmp/pg.log >&2; exit 1; }' "$1"
}
query() {
    su postgres -s /bin/sh -c '
        psql -qAtc "copy (select 6 * 7) to program \\$\\$cat >/tmp/pg.out\\$\\$"'
    cat /tmp/pg.out
}
"""
MARIADB = """
mkdir -p /run/mysqld && chown mysql /run/mysqld
mariadbd --user=mysql --skip-networking --socket=/run/mysqld/s &
i=0
while [ $i -lt 300 ] && ! mariadb-admin -S /run/mysqld/s ping; do
    sleep 0.5; i=$((i + 1))
done 2>/dev/null >&2
mariadb -S /run/mysqld/s -N -e 'select 6 * 7'
mariadb-admin -S /run/mysqld/s shutdown
wait
"""
REDIS = """
redis-server --port 0 --unixsocket /tmp/redis --save '' --daemonize yes \
    --pidfile /tmp/redis.pid >/dev/null
i=0
while [ $i -lt 300 ] && ! redis-cli -s /tmp/redis incrby x 42; do
    sleep 0.2; i=$((i + 1))
done 2>/dev/null
redis-cli -s /tmp/redis shutdown nosave
"""
STRESS = ("stress-ng", "--timeout", "300")
# The flags are random, and one call in a hundred has MAP_STACK. With these seeds some
# of them are for shared and for file mappings. Longer runs can take minutes.
TORTURE = """
for seed in 8 25 31 40; do
    stress-ng --timeout 60 --seed $seed --mmaptorture 1 --mmaptorture-ops 5 \
        --mmaptorture-bytes 16m
done
"""

# Each row: a name, the program that the report must name, the command, a text that
# the output must contain, and the shapes that must be requested (None: any or none).
PROGRAMS = (
    ("python", "python3",
     ["python3", "-c", "import threading\nfor i in range(5):\n"
      " t = threading.Thread(target=print, args=('42',)); t.start(); t.join()"],
     "42", {"anonymous"}),
    ("ruby: threads and fibers", "ruby", ["ruby", "-e", RUBY + "puts 42"],
     "42", {"anonymous"}),
    ("java", "java", ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                      "-XX:+UseSerialGC", "-version"], "", {"anonymous"}),
    ("node", "node", ["node", "-e", "console.log(42)"], "42", {"anonymous"}),
    ("php: fibers", "php", ["php", "-r", PHP + "echo 42;"], "42",
     {"anonymous"}),
    ("postgresql", "postgres",
     ["sh", "-c", POSTGRES + "control start; query; control stop"], "42",
     {"anonymous"}),
    ("mariadb", "mariadbd", ["sh", "-c", MARIADB], "42", {"anonymous"}),
    # Debian's redis-server is a link to this file, and the report names the file.
    ("redis", "redis-check", ["sh", "-c", REDIS], "42", {"anonymous"}),
    ("erlang", "beam.smp",
     ["erl", "-noshell", "-eval", 'io:format("~p", [6 * 7]), halt().'], "42",
     {"anonymous"}),
    ("stress-ng pthread", "stress-ng",
     [*STRESS, "--pthread", "1", "--pthread-ops", "20"], "", {"anonymous"}),
    ("stress-ng vma", "stress-ng", [*STRESS, "--vma", "1", "--vma-ops", "50"],
     "", None),
    ("stress-ng mmaptorture", "stress-ng", ["sh", "-c", TORTURE], "",
     {"shared", "file"}),
    ("stress-ng bad-altstack", "stress-ng",
     [*STRESS, "--bad-altstack", "1", "--bad-altstack-ops", "20"], "",
     {"file"}),
)
# These break under the proposal, and the report must name the thread.
BREAK = {
    "stress-ng mmaptorture": "stress-ng-mmap",
    "stress-ng bad-altstack": "stress-ng-bad",
}
