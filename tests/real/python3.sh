#!/usr/bin/python3
# about: subprocesses, threads, sockets, asyncio, signals, mmap, multiprocessing, sqlite, json, regular expressions
# needs: /usr/bin/python3
# tier: slow
import asyncio, hashlib, json, mmap, multiprocessing, os, re, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading
print(subprocess.run(["sh", "-c", "cat; exit 3"], input=b"in", capture_output=True))
found = []; threads = [threading.Thread(target=lambda n=n: found.append(n)) for n in range(20)]; [t.start() for t in threads]; [t.join() for t in threads]; print(sorted(found))
server = socket.create_server(("127.0.0.1", 0)); client = socket.create_connection(server.getsockname()); peer, _ = server.accept(); client.sendall(b"x" * 100000); client.shutdown(1); print(sum(len(d) for d in iter(lambda: peer.recv(65536), b"")))
async def main():
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=-1); print(await process.communicate()); print(await asyncio.gather(*(asyncio.sleep(0.01, n) for n in range(5))))
asyncio.run(main()); signal.signal(signal.SIGUSR1, lambda *a: print("usr1")); os.kill(os.getpid(), signal.SIGUSR1)
with tempfile.TemporaryFile() as f: f.truncate(8192); m = mmap.mmap(f.fileno(), 0); m[4096:4100] = b"mmap"; m.flush(); f.seek(4096); print(f.read(4))
if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool: print(pool.map(abs, range(-5, 5)))
base = sqlite3.connect("b.db"); base.execute("create table t (a)"); base.executemany("insert into t values (?)", [(n,) for n in range(1000)]); base.commit(); print(base.execute("select sum(a), count(*) from t where a % 3 = 0").fetchone())
print(json.dumps({"a": [1, None, "é"]}), re.sub(r"(\w)(\d)", r"\2\1", "a1 b2"), hashlib.sha256(b"x").hexdigest()[:16], struct.pack("<IH", 1, 2), 2 ** 200 % 1000007, sorted(os.listdir(".")))
pid = os.fork()
if not pid: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); sys.exit(4)
