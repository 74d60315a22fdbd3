# SPDX-License-Identifier: GPL-2.0-only
"""Programs that make many requests, or that look at the stacks and mappings of others.

Each is a shell command that succeeds only if its result is right. Most have THREADS
threads at the same time, because a thread that has ended leaves its stack to the next.
not_run.py says what is not here, and why.
"""

from pathlib import Path

import rootfs
from programs import Programs

SOURCES = Path("tests/findings/real")
THREADS = 128
SUM = THREADS * (THREADS - 1) // 2  # what threads.c prints
PACKAGES = [
    # compilers and libraries of the programs of real/
    "g++", "gcc", "golang-go", "libboost-context-dev", "libc6-dev", "libgc-dev",
    "mono-mcs",
    # languages
    "erlang-base", "guile-3.0", "mono-runtime", "nodejs", "ocaml-nox", "perl", "php-cli",
    "pypy3", "python3-minimal", "python3-zmq", "ruby", "tcl", "tcl-thread",
    # compressors and archives
    "erofs-utils", "lbzip2", "lz4", "pbzip2", "pigz", "plzip", "squashfs-tools", "tarlz",
    "zpaq", "zstd",
    # everyday work, media, science
    "dav1d", "fd-find", "git", "gstreamer1.0-tools", "minimap2", "ripgrep", "samtools",
    "silversearcher-ag", "svt-av1", "ugrep", "x264",
    # measuring and loading
    "fio", "rt-tests", "sysbench", "wrk",
    # services
    "apache2-bin", "bind9-dnsutils", "memcached",
    "nginx-light", "redis-server", "unbound", "uwsgi-core", "uwsgi-plugin-python3",
    # other allocators
    "libjemalloc2", "libmimalloc3", "libtcmalloc-minimal4t64",
    # what looks at the memory of others, or runs them
    "bubblewrap", "elfutils", "gdb", "linux-perf", "qemu-user", "strace",
    "valgrind",
]

# Packages whose programs are built when the root is made.
BUILD = """
cd /usr/src
for way in address thread leak; do
    gcc -O1 -g -fsanitize=$way -o threads-$way threads.c
done
gcc -O2 -g -o threads threads.c
gcc -O2 -fopenmp -o openmp openmp.c
gcc -O2 -o boehm boehm.c -lgc
g++ -O2 -o fibers fibers.cc -lboost_context
g++ -O2 -DBOOST_CONTEXT_USE_MAP_STACK -o fibers-stack fibers.cc -lboost_context
CGO_ENABLED=1 GO111MODULE=off GOCACHE=/tmp/go go build -o threads-go threads.go
mcs -out:threads.exe Threads.cs
javac Threads.java
# What compressors and others work on.
cat /usr/lib/x86_64-linux-gnu/lib[a-m]*.so.* | head -c 20000000 >/srv/data
mkdir /srv/files
split -b 40000 -a 3 /srv/data /srv/files/part
git init -q /srv/repository
cp /srv/files/parta[a-g]* /srv/repository
cd /srv/repository
for i in $(seq 300); do echo "line $i" >file$i; done
git add .
git -c user.name=a -c user.email=a@b commit -qm files
"""


def setup(pattern="*", build=BUILD):
    """The script that finishes a root: a JDK, files of real/, and what builds them."""
    parts = [rootfs.JAVA.replace("-jre-", "-jdk-")]
    for path in sorted(SOURCES.glob(pattern)):
        parts.append(f"cat >/usr/src/{path.name} <<'END'\n{path.read_text()}END\n")
    return "".join(parts) + build


def unchanged(size, packed, unpacked):
    """A command that packs standard input and unpacks it again."""
    return (f"head -c {size} /srv/data >in && {packed} <in | {unpacked} | "
            "cmp - in")


def prints(text, command):
    return f'test "$({command})" = "{text}"'


def served(start, ready, ask):
    """A service that answers: it is started, awaited, asked, and ended."""
    return f"""
        {start} >log 2>&1 &
        for i in $(seq 150); do {ready} >/dev/null 2>&1 && break; sleep 1; done
        {ask}; result=$?
        kill $!; wait $!
        test $result = 0 || {{ cat log; exit 1; }} """


def while_threads_wait(command):
    """Runs a command while threads.c waits, whose number is $pid."""
    return f"""
        THREADS_WAIT=1 /usr/src/threads {THREADS} & pid=$!
        for i in $(seq 300); do
            test "$(ls /proc/$pid/task | wc -l)" = {THREADS + 1} && break; sleep 0.2
        done
        sleep 1
        {command}; result=$?
        kill -9 $pid
        exit $result """


def fetched(url, text):
    return (f"""python3 -c 'import urllib.request as r
print(r.urlopen("{url}").read().decode().strip())' | grep -q "{text}" """)


def resolved(port):
    return f"dig +tries=1 +time=20 +short @127.0.0.1 -p {port} a.test | grep -q 1.2.3.4"


T = f"/usr/src/threads {THREADS}"
GIT = "git -c safe.directory='*' -C /srv/repository"
COMMANDS = {
    # the C library's threads, and what limits them
    "threads": prints(SUM, T),
    "threads-64-KiB": prints(SUM, T + " 64"),
    "threads-stack-limit-64": f"ulimit -s 64; {prints(SUM, T)}",
    "threads-stack-limit-none": f"ulimit -s unlimited; {prints(SUM, T)}",
    "threads-address-space-limit": f"ulimit -v 4000000; {prints(SUM, T)}",
    "threads-data-limit": f"ulimit -d 20000; {prints(SUM, T + ' 64')}",
    "threads-strict-commit": f"""
        echo 2 >/proc/sys/vm/overcommit_memory
        {prints(SUM, T + ' 64')}; result=$?
        echo 0 >/proc/sys/vm/overcommit_memory
        exit $result """,
    # allocators and collectors
    **{
        f"threads-{name}": prints(SUM, f"LD_PRELOAD={library} {T}")
        for name, library in (
            ("jemalloc", "libjemalloc.so.2"), ("mimalloc", "libmimalloc.so.3"),
            ("tcmalloc", "libtcmalloc_minimal.so.4"),
        )
    },
    "boehm-gc": prints(THREADS * 100, "/usr/src/boehm"),
    # sanitizers and valgrind
    **{
        f"threads-{way}-sanitizer": prints(SUM, f"/usr/src/threads-{way}")
        for way in ("address", "thread", "leak")
    },
    **{
        f"valgrind-{tool}": prints(
            SUM, f"valgrind -q --tool={tool} --error-exitcode=9 {T} 64")
        for tool in ("memcheck", "helgrind", "drd")
    },
    # what looks at a process with many threads
    "gdb-attach": while_threads_wait(
        f"""gdb -p $pid -batch -ex 'thread apply all bt 8' 2>/dev/null >out
        test $(grep -c 'in work ' out) = {THREADS}"""),
    "gdb-core": while_threads_wait(
        f"""gdb -p $pid -batch -ex 'gcore core' >/dev/null 2>&1
        gdb -batch -ex 'thread apply all bt 8' /usr/src/threads core 2>/dev/null >out
        test $(grep -c 'in work ' out) = {THREADS}"""),
    "eu-stack": while_threads_wait(
        f"test $(eu-stack -p $pid | grep -c ' work$') = {THREADS}"),
    "strace": prints(SUM, f"strace -f -o out {T}"),
    "perf-dwarf": f"""
        perf record -q -e cpu-clock -c 20000 --call-graph dwarf,8192 -o data {T} >out &&
        test "$(cat out)" = {SUM} && perf script -i data 2>/dev/null | grep -q ' work+' """,
    "qemu-x86_64": prints(SUM, f"qemu-x86_64 {T} 64"),
    "bubblewrap": prints(
        SUM, f"bwrap --ro-bind / / --dev /dev --unshare-pid --unshare-net {T}"),
    # languages
    **{
        f"{name}-threads": prints(SUM, f"""{program} -c '
import threading
all, total = threading.Barrier({THREADS}), []
def work(i):
    all.wait(); total.append(i)
threads = [threading.Thread(target=work, args=(i,)) for i in range({THREADS})]
for t in threads: t.start()
for t in threads: t.join()
print(sum(total))'""")
        for name, program in (("python", "python3"), ("pypy", "pypy3"))
    },
    "python-recursion-in-threads": prints(500 * THREADS, f"""python3 -c '
import sys, threading, faulthandler
faulthandler.enable()
threading.stack_size(1 << 20)
sys.setrecursionlimit(2000)
all, total = threading.Barrier({THREADS}), []
def down(n): return 0 if n == 0 else 1 + down(n - 1)
def work():
    all.wait(); total.append(down(500))
threads = [threading.Thread(target=work) for i in range({THREADS})]
for t in threads: t.start()
for t in threads: t.join()
print(sum(total))'"""),
    "python-zmq": prints("b'x'", f"""python3 -c '
import zmq
context = zmq.Context(io_threads={THREADS})
left, right = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
left.bind("inproc://a"); right.connect("inproc://a")
right.send(b"x"); print(left.recv())'"""),
    "ruby-fibers": prints(250500, """ruby -e '
puts (1..500).map { |i| Fiber.new { Fiber.yield i; i } }
    .map { |f| f.resume + f.resume }.sum'"""),
    "ruby-threads": prints(SUM, f"""ruby -e '
q = Queue.new
t = (0...{THREADS}).map {{ |i| Thread.new {{ q.pop; i }} }}
{THREADS}.times {{ q << 1 }}
puts t.map(&:value).sum'"""),
    "php-fibers": prints(20300, """php -r '
$sum = 0; $all = [];
for ($i = 0; $i < 200; $i++)
    $all[] = new Fiber(function () use ($i) { return Fiber::suspend($i) + 1; });
foreach ($all as $f) $sum += $f->start();
foreach ($all as $f) { $f->resume(1); $sum += $f->getReturn(); }
echo $sum;'"""),
    "perl-threads": prints(SUM, f"""perl -Mthreads -Mthreads::shared -e '
my $go :shared = 0;
my @t = map {{ my $i = $_; threads->create({{stack_size => 65536}}, sub {{
    lock($go); cond_wait($go) until $go; $i }}) }} 0..{THREADS - 1};
{{ lock($go); $go = 1; cond_broadcast($go); }}
my $sum = 0; $sum += $_->join for @t; print $sum'"""),
    "erlang-async-threads": prints(500500, f"""erl +A {THREADS} -noshell -eval '
P = self(), [spawn(fun() -> P ! I end) || I <- lists:seq(1, 1000)],
io:format("~w", [lists:sum([receive X -> X end || _ <- lists:seq(1, 1000)])]), halt().'"""),
    "node-thread-pool": prints(THREADS, f"""UV_THREADPOOL_SIZE={THREADS} node -e '
const c = require("crypto"); let n = 0;
for (let i = 0; i < {THREADS}; i++)
    c.pbkdf2("a", "b", 1, 16, "sha256", () => {{ if (++n == {THREADS}) console.log(n); }});'"""),
    "guile-threads": prints(SUM, f"""guile --no-auto-compile -c '
(use-modules (ice-9 threads))
(define m (make-mutex)) (define c (make-condition-variable)) (define go #f)
(define all (map (lambda (i) (call-with-new-thread (lambda ()
  (lock-mutex m) (let loop () (unless go (wait-condition-variable c m) (loop)))
  (unlock-mutex m) i))) (iota {THREADS})))
(lock-mutex m) (set! go #t) (broadcast-condition-variable c) (unlock-mutex m)
(display (apply + (map join-thread all)))'"""),
    "ocaml-threads": f"""
        cat >threads.ml <<'END'
let m = Mutex.create () and c = Condition.create () and go = ref false
let sum = ref 0
let work i = Mutex.lock m; while not !go do Condition.wait c m done;
  sum := !sum + i; Mutex.unlock m
let all = List.init {THREADS} (Thread.create work)
let () = Mutex.lock m; go := true; Condition.broadcast c; Mutex.unlock m;
  List.iter Thread.join all; print_int !sum
END
        {prints(SUM, "ocaml -I +unix -I +threads unix.cma threads.cma threads.ml")} """,
    "tcl-threads": prints(THREADS, f"""echo '
package require Thread
for {{set i 0}} {{$i < {THREADS}}} {{incr i}} {{ lappend all [thread::create -joinable] }}
puts [llength [thread::names]]
foreach t $all {{ thread::send $t {{thread::exit}} }} ' |
        tclsh | sed "s/{THREADS + 1}/{THREADS}/" """),
    "mono-threads": prints(SUM, "mono /usr/src/threads.exe"),
    "go-cgo-threads": prints(SUM, "/usr/src/threads-go"),
    **{
        f"java-{name}": prints(
            n * (n - 1) // 2, f"java -Xmx256m {words} -cp /usr/src Threads {n} {depth}")
        for name, words, n, depth in (
            ("threads", "-Xint", 300, 10),
            ("small-stacks", "-Xint -Xss256k", 500, 500),
            ("deep-recursion", "-Xint -Xss4m", 128, 10000),
            ("G1", f"-Xint -XX:+UseG1GC -XX:ParallelGCThreads={THREADS} "
             "-XX:-UseDynamicNumberOfGCThreads", 100, 10),
            ("ZGC", "-Xint -XX:+UseZGC", 128, 10),
        )
    },
    "java-native-memory-tracking": f"""
        java -Xint -Xmx256m -XX:NativeMemoryTracking=summary \\
            -XX:+UnlockDiagnosticVMOptions -XX:+PrintNMTStatistics \\
            -cp /usr/src Threads {THREADS} 10 >out &&
        grep -q '^{SUM}$' out && grep -q 'Thread (reserved=' out """,
    # fibers, OpenMP
    "boost-fibers": prints(500, "/usr/src/fibers"),
    "boost-fibers-MAP_STACK": prints(500, "/usr/src/fibers-stack"),
    "openmp": prints(f"4999950000 {THREADS}", f"OMP_NUM_THREADS={THREADS} /usr/src/openmp"),
    # compressors and archives
    "zstd": unchanged(3000000, f"zstd -q -T{THREADS} -c", "zstd -q -dc"),
    "lz4": unchanged(9000000, f"lz4 -q -T{THREADS} -B4 -c", "lz4 -q -dc"),
    "pigz": unchanged(9000000, f"pigz -1 -p{THREADS} -b 32 -c", "pigz -dc"),
    "pbzip2": unchanged(1000000, f"pbzip2 -1 -p{THREADS} -c", "pbzip2 -dc"),
    "lbzip2": unchanged(1000000, f"lbzip2 -1 -n{THREADS} -c", f"lbzip2 -n{THREADS} -dc"),
    "plzip": unchanged(13000000, f"plzip -0 -n{THREADS} -B100000 -c", "plzip -n1 -dc"),
    "zpaq": f"""
        zpaq a out.zpaq /srv/files/partaa* -m1 -t{THREADS} >/dev/null 2>&1 &&
        zpaq x out.zpaq -to there -t{THREADS} >/dev/null 2>&1 &&
        cmp there/srv/files/partaaa /srv/files/partaaa """,
    "tarlz": f"""
        tarlz -0 -n{THREADS} -cf out.tar.lz -C /srv files && mkdir there &&
        tarlz -n{THREADS} -C there -xf out.tar.lz && diff -r /srv/files there/files """,
    "mksquashfs": f"""
        mksquashfs /srv/files image -quiet -no-progress -processors {THREADS} -comp zstd \\
            -Xcompression-level 1 >/dev/null &&
        unsquashfs -quiet -no-progress -processors {THREADS} -d there image &&
        diff -r /srv/files there """,
    "mkfs.erofs": f"""
        mkfs.erofs --quiet --workers={THREADS} -zlz4 image /srv/repository &&
        fsck.erofs image >/dev/null """,
    # everyday work
    "git-grep": prints(300, f"{GIT} grep --threads={THREADS} -h '^line' | wc -l"),
    "git-pack-objects": f"""
        {GIT} rev-list --objects --all |
        {GIT} pack-objects --quiet --window=1 --threads={THREADS} --stdout >all.pack &&
        git index-pack --threads={THREADS} -o all.idx all.pack >/dev/null """,
    "ripgrep": prints(300, f"rg -j{THREADS} --no-filename '^line' /srv/repository | wc -l"),
    "fd": prints(300, f"fdfind -j{THREADS} '^file' /srv/repository | wc -l"),
    "ag": prints(
        300,
        f"ag --workers {THREADS} --nofilename '^line' /srv/repository | grep -c line"),
    "ugrep": prints(300, f"ugrep -r -J{THREADS} -h '^line' /srv/repository | wc -l"),
    "gstreamer": f"""
        gst-launch-1.0 -q fakesrc num-buffers=10 {"! queue " * THREADS}! fakesink """,
    # media, games, science
    "x264": f"""
        head -c 1000000 /srv/data >in.yuv &&
        x264 --quiet --preset ultrafast --threads {THREADS} --input-res 64x64 \\
            -o out.264 in.yuv 2>/dev/null && test -s out.264 """,
    "svt-av1": f"""
        head -c 400000 /srv/data >in.yuv &&
        SvtAv1EncApp -i in.yuv -w 64 -h 64 -n 10 --preset 12 -b out.ivf >/dev/null 2>&1 &&
        dav1d -q --threads {THREADS} --framedelay 8 -i out.ivf --muxer md5 -o - |
        grep -q . """,
    "minimap2": f"""
        python3 -c 'import random; random.seed(1)
s = "".join(random.choice("ACGT") for _ in range(20000))
print(">a\\n" + s, file=open("a.fa", "w"))
for i in range(300): print(f">r{{i}}\\n{{s[i * 50:i * 50 + 500]}}", file=open("r.fa", "a"))' &&
        test $(minimap2 -t {THREADS} -K 8k a.fa r.fa 2>/dev/null | wc -l) -ge 300 """,
    "samtools": f"""
        python3 -c 'print("@SQ\\tSN:a\\tLN:100000")
for i in range(5000):
    print(f"r{{i}}\\t0\\ta\\t{{(i * 7919) % 90000 + 1}}\\t60\\t4M\\t*\\t0\\t0\\tACGT\\tIIII")' >in.sam &&
        samtools sort -m 1M -@{THREADS} -o out.bam in.sam &&
        test $(samtools view -@{THREADS} -c out.bam) = 5000 """,
    # measuring and loading
    "fio": f"""
        fio --name=a --thread --numjobs={THREADS} --rw=write --size=64k --bs=16k \\
            --verify=crc32c --group_reporting --minimal >/dev/null """,
    "hackbench": "hackbench -T -g 4 -l 5 >/dev/null",
    **{
        f"sysbench-{test}": f"sysbench {test} --threads={THREADS} --events=256 "
        f"--time=0 {words} run | grep -q 'total number of events: *256'"
        for test, words in (
            ("cpu", "--cpu-max-prime=100"), ("threads", "--thread-yields=2"),
            ("memory", "--memory-total-size=256K"),
        )
    },
    "sysbench-mutex": f"sysbench mutex --threads={THREADS} --mutex-locks=10 "
    f"--mutex-loops=10 run | grep -q 'total number of events: *{THREADS}'",
    # services
    "memcached": served(
        f"memcached -u root -t {THREADS} -p 11299",
        "echo version | timeout 2 bash -c 'cat >/dev/tcp/127.0.0.1/11299'",
        prints("VALUE a 0 1", """bash -c 'exec 3<>/dev/tcp/127.0.0.1/11299
printf "set a 0 0 1\\r\\nx\\r\\nget a\\r\\nquit\\r\\n" >&3; grep VALUE <&3 | tr -d "\\r"'""")),
    "redis": served(
        f"redis-server --port 6399 --io-threads {THREADS} --save ''",
        "redis-cli -p 6399 ping | grep -q PONG",
        "redis-cli -p 6399 set a 1 | grep -q OK && redis-cli -p 6399 get a | grep -q 1"),
    "nginx-thread-pool": f"""
        mkdir -p n/logs; cp /srv/files/partaaa n/x
        printf 'daemon off; user root; pid n.pid; error_log stderr;
            thread_pool default threads={THREADS};
            events {{}}
            http {{
                access_log off;
                server {{ listen 8099; aio threads; root %s; }}
            }}' $PWD/n >n.conf
        """ + served("nginx -p $PWD -c $PWD/n.conf", "test -s n.pid",
                     """python3 -c 'import urllib.request as r
open("got", "wb").write(r.urlopen("http://127.0.0.1:8099/x").read())' && cmp got /srv/files/partaaa"""),
    "apache-event": f"""
        mkdir -p w; echo here >w/x
        printf 'LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
Listen 8098\\nServerName a\\nPidFile %s/pid\\nErrorLog %s/error\\nDocumentRoot %s/w
ThreadLimit {THREADS}\\nThreadsPerChild {THREADS}\\nMaxRequestWorkers {THREADS}
StartServers 1\\nUser nobody\\n' \\
            $PWD $PWD $PWD >conf; chmod 755 . w
        """ + served("apache2 -DFOREGROUND -f $PWD/conf",
                     fetched("http://127.0.0.1:8098/x", "here"),
                     fetched("http://127.0.0.1:8098/x", "here")),
    "uwsgi-threads": """
        echo 'def application(e, start): start("200 OK", []); return [b"here"]' >app.py
        """ + served(f"uwsgi --plugin python3 --http-socket 127.0.0.1:8097 "
                     f"--threads {THREADS} --wsgi-file app.py",
                     fetched("http://127.0.0.1:8097/", "here"),
                     fetched("http://127.0.0.1:8097/", "here")),
    "wrk": served("python3 -m http.server 8096", fetched("http://127.0.0.1:8096/", "."),
                  "wrk -t 120 -c 120 -d 2 http://127.0.0.1:8096/in | grep -q 'requests in'"),
    "unbound": f"""
        printf 'server:\\n do-daemonize: no\\n username: ""\\n chroot: ""\\n pidfile: ""\\n port: 5399
 num-threads: {THREADS}\\n interface: 127.0.0.1\\n local-data: "a.test. A 1.2.3.4"
 use-syslog: no\\n' >conf
        """ + served("unbound -d -c $PWD/conf", resolved(5399), resolved(5399)),
}
PROGRAMS = Programs(PACKAGES, setup(), COMMANDS)
