# SPDX-License-Identifier: GPL-2.0-only
#
# Bars of instructions added to a call by each way. report.py gives $bars (name,
# ordinary mmap(), mmap(MAP_STACK)), the output and the release.
set terminal svg size 960,420 font "sans-serif,13" background "white"
set title sprintf("Instructions added to one call, Debian %s (x86-64)", release)
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set boxwidth 0.9
set logscale y
set yrange [1:300000]
set ylabel "instructions (logarithmic)"
set grid ytics lc rgb "#dddddd"
set xtics rotate by -20 scale 0
set key top right
plot $bars using 2:xtic(1) lc rgb "#7f7f7f" title "an ordinary mmap()", \
	"" using 3 lc rgb "#1f5fa8" title "mmap(MAP\\_STACK)", \
	"" using ($0 - 0.17):2:2 with labels offset -0.4,0.6 font ",9" notitle, \
	"" using ($0 + 0.17):3:3 with labels offset 0.4,0.6 font ",9" notitle
