#!/bin/sh
# about: ImageMagick and SoX
# needs: convert identify compare sox soxi
# tier: slow
convert -size 64x64 gradient:red-blue a.png; identify a.png | cut -d' ' -f1-6; convert a.png -resize 50% -rotate 45 b.jpg; identify b.jpg | cut -d' ' -f2,3; convert a.png -format %k info:; echo; compare -metric AE a.png a.png null: 2>&1; echo
sox -n t.wav synth 0.5 sine 440; soxi t.wav; sox t.wav u.wav speed 2 reverse; soxi -D u.wav; sox t.wav -n stat 2>&1 | head -5
