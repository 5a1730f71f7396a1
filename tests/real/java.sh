#!/bin/sh
# about: the Java compiler and a program with threads
# needs: java
# tier: slow
cat >P.java <<'END'
import java.util.stream.*;
public class P { public static void main(String[] a) throws Exception { System.out.println(IntStream.range(0, 1000).parallel().map(x -> x * x % 7).sum()); Thread t = new Thread(() -> System.out.println("thread")); t.start(); t.join(); System.exit(3); } }
END
java P.java; echo $?
