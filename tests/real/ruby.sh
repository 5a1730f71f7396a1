#!/usr/bin/ruby
# about: blocks, threads, fork, files
# needs: ruby
# tier: slow
puts (1..10).select(&:even?).map { |x| x * x }.sum; h = Hash.new(0); "banana".each_char { |c| h[c] += 1 }; p h.sort; q = Queue.new; t = (1..4).map { |i| Thread.new { q << i } }; t.each(&:join); p q.size; r, w = IO.pipe; pid = fork { w.puts "child"; exit! 3 }; w.close; puts r.read; Process.wait pid; p $?.exitstatus; File.write("x", "a\nb\n"); p File.readlines("x"), `echo back`, "x".unpack("C*"), 2**100
