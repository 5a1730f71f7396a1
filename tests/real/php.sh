#!/bin/sh
# about: PHP: closures, JSON, PCRE, a generator; its own web server asked by itself
# needs: php curl
# tier: slow
php -n -r 'function g() { for ($i = 0; $i < 3; $i++) yield $i => $i * $i; } foreach (g() as $k => $v) echo "$k=$v\n"; echo json_encode(["a" => [1, 2.5, null]]), "\n"; var_dump(preg_match("/(\d+)-(\d+)/", "10-20", $m), $m[2]); usort($m, fn($a, $b) => strcmp($a, $b)); echo implode(",", $m), PHP_EOL, strlen(serialize(range(1, 1000))), "\n"; echo shell_exec("echo from a shell"); exit(3);'; echo $?
echo '<?php echo "asked for ", $_SERVER["REQUEST_URI"], " ", $_GET["x"] ?? "", "\n"; header("X-A: b");' >index.php
php -n -S 127.0.0.1:18484 >/dev/null 2>&1 & until curl -s -D head 'http://127.0.0.1:18484/page?x=y'; do sleep 0.2; done; grep -i x-a head | tr -d '\r'; kill $!
