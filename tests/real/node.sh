#!/bin/sh
# about: Node.js serves HTTP, runs a child, reads files
# needs: node
# tier: slow
cat >s.js <<'END'
const http = require("http"), fs = require("fs"), { exec } = require("child_process");
const server = http.createServer((q, r) => r.end("got " + q.url)).listen(0, "127.0.0.1", () => http.get({ port: server.address().port, path: "/x" }, r => { r.on("data", d => console.log(String(d))); r.on("end", () => { server.close(); exec("echo child; exit 3", (e, out) => { console.log(out.trim(), e.code); fs.writeFileSync("f", "x".repeat(100)); console.log(fs.statSync("f").size, [3, 1, 2].sort().join(), 2n ** 70n); setTimeout(() => { console.log("timer"); process.exit(4); }, 10); }); }); }));
END
node s.js; echo $?
