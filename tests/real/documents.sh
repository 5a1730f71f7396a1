#!/bin/sh
# about: pandoc, xmllint, xsltproc, tidy, Graphviz and gnuplot
# needs: pandoc xmllint xsltproc tidy dot gnuplot md5sum
# tier: slow
printf '# Title\n\nSome *text* and `code`.\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n' >a.md; pandoc a.md -t html; pandoc a.md -t latex; pandoc a.md -t json | md5sum
echo '<a><b x="1">t</b></a>' >a.xml; xmllint --format a.xml; xmllint --xpath '//b/@x' a.xml
printf '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><o><xsl:value-of select="//b"/></o></xsl:template></xsl:stylesheet>' >s.xsl; xsltproc s.xsl a.xml
echo '<p>x<b>y' | tidy -q 2>/dev/null; echo 'digraph{a->b->c;a->c}' | dot -Tplain; echo 'digraph{a->b}' | dot -Tsvg | md5sum; gnuplot -e 'set term dumb 40 12; plot sin(x)'
