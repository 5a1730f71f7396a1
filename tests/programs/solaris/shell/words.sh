x='a b  c'; empty=; unset none
echo $x "$x" '$x' "\$x \" \\" a\ b "it's" 'say "x"'
echo "[$empty]" [$empty] "[${none-dflt}]" "[${empty-dflt}]" "[${empty:-dflt}]" "[${x:+alt}]" "[${none+alt}]"
echo "${new:=made} $new" ${#x} ${#none} ${#}
path=/usr/local/lib/libx.so.1.2
echo ${path##*/} ${path#*/} ${path%.*} ${path%%.*} ${path%/*} "${path#"/usr"}" ${path%[0-9]}
star='*'; echo "${star}" "$star" \* '*'
set -- one 'two words' '' four
echo $# "$#"; for a in "$@"; do echo "<$a>"; done; for a in $@; do echo "($a)"; done; for a in "$*"; do echo "{$a}"; done
IFS=:; echo "$*"; list=a:b::c; for a in $list; do echo "<$a>"; done; IFS=', '; list='x, y,,z ,'; for a in $list; do echo "<$a>"; done
unset IFS; echo $x
set --; for a in "$@"; do echo never; done; for a in x"$@"y; do echo "<$a>"; done; echo $#
echo $(echo one; echo two) "$(echo one; echo two)" `echo back \`echo inner\`` "$(echo "nested $(echo deep) quotes")"
echo "a$(printf_is_not_there 2>/dev/null)b" $(true) end
echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((7%3)) $((-7/2)) $((1<<4)) $((255>>2)) $((5&3)) $((5|3)) $((5^3)) $((~5)) $((!0))
n=5; echo $((n+1)) $(($n*2)) $((n == 5)) $((n > 3 && n < 9)) $((n ? 1 : 2)) $((n += 3)) $n $((n = n * 2)) $((0x1f)) $((017))
echo ~/x "~" a~ | cat > /dev/null
HOME=/some/where; echo ~ ~/x "~" x~
case abc in a*) echo star;; esac; case 'a*c' in a\*c) echo escaped;; esac; case "abc" in "a*") echo no;; a[!x]c) echo set;; esac
case x in y|x) echo or;; esac; pat='a*'; case abc in $pat) echo pattern;; esac; case abc in "$pat") echo no;; *) echo literal;; esac
echo "line one
line two" one\
two
echo '# no comment' a#b # a comment
echo "$(cat <<X
in a document $n
X
)"
cat <<X
plain $n $(echo sub) \$n "quoted" 'single' ${none:-it's} \\ $((n+1))
X
cat <<'X'
plain $n $(echo sub) \$n
X
cat <<-X
	tabs
		are gone $n
	X
cat <<A; cat <<B
first
A
second
B
echo "$0" | cat > /dev/null; echo "$-" | cat >/dev/null; echo "${1-unset}" "${10-ten}"
