#!/bin/sh
# about: ffmpeg makes a film with sound, and another of it
# needs: ffmpeg
# tier: slow
ffmpeg -v error -f lavfi -i testsrc=duration=1:size=64x48:rate=5 -f lavfi -i sine=duration=1 -threads 2 -c:v mpeg4 -bitexact a.avi </dev/null; ffprobe -v error -show_entries stream=codec_name,width,nb_frames -of csv a.avi; ffmpeg -v error -i a.avi -vf scale=32:24 -f framemd5 - </dev/null | grep -v '^#' | wc -l
