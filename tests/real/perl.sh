#!/usr/bin/perl
# about: regular expressions, sorting, fork and pipes, files, local time
# needs: perl
use strict; use warnings; $| = 1;
my %h = map { $_ => length } qw(pear apple fig); print join(",", map { "$_=$h{$_}" } sort keys %h), "\n"; my $t = "a1b22c333"; print join("|", $t =~ /(\d+)/g), "\n"; printf "%.3f %s\n", 2**0.5, scalar reverse "abc";
pipe(my $r, my $w); my $pid = fork; if (!$pid) { print $w "from child\n"; exit 3 } close $w; print <$r>; waitpid $pid, 0; print $? >> 8, "\n"; open my $f, "+>", "x"; print $f "line $_\n" for 1 .. 5; seek $f, 0, 0; my @l = <$f>; print scalar @l, " $l[-1]"; print `echo back`; local $SIG{ALRM} = sub { print "alarm\n" }; kill ALRM => $$; print gmtime(0) . "\n"; my @s = sort { $a <=> $b } map { $_ * 7919 % 1000 } 1 .. 200; print "@s[0..5]\n"; print eval { die "died\n" } // $@;
