#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The flame graph of a canned "perf script", with the guest's symbols; what
# tools/profile.sh says where it cannot work.
. "$(dirname "$0")/../cli/functions.sh"
tools=$here/../../tools
canned=$here

"$tools/flame.py" --symbols "$canned/kallsyms.txt" --folded "$canned/perf-script.txt" >folded
cmp folded "$canned/folded.txt" || fail "folded: $(diff folded "$canned/folded.txt")"

"$tools/flame.py" --symbols "$canned/kallsyms.txt" "$canned/perf-script.txt" >graph.svg
python3 - <<'P' || fail "the picture is not what the samples say"
import xml.etree.ElementTree as xml
tag = "{http://www.w3.org/2000/svg}"
boxes = {}
for g in xml.parse("graph.svg").getroot().iter(tag + "g"):
    rect = g.find(tag + "rect")
    boxes.setdefault(g.find(tag + "title").text.split(":")[0], rect.attrib)
width = {name: float(box["width"]) for name, box in boxes.items()}
assert width["all"] == 1200, width
assert abs(width["vcpu0"] - 3 / 9 * 1200) < 0.2, width
assert abs(width["handle_irq"] - 2 / 9 * 1200) < 0.2, width
assert "vcpu<wait>" in width, width
inner, outer = boxes["handle_irq"], boxes["vcpu0"]
assert int(inner["y"]) > int(outer["y"])
assert float(inner["x"]) >= float(outer["x"])
P

# Addresses that are hidden from whoever asked; no samples; not a process.
sed 's/^[0-9a-f]*/00000000/' "$canned/kallsyms.txt" >hidden
! "$tools/flame.py" --symbols hidden "$canned/perf-script.txt" >out 2>said || fail "hidden addresses were taken"
grep -q 'root only' said || fail "$(cat said)"
: >empty
! "$tools/flame.py" empty >out 2>said || fail "no samples, and no word of it"
grep -q 'no samples' said || fail "$(cat said)"

mkdir bin
for name in bash dirname cat; do ln -s "$(command -v $name)" bin/; done
! PATH=$PWD/bin "$tools/profile.sh" $$ >out 2>said || fail "there is no perf, and no word of it"
grep -q 'apt-get install linux-perf' said || fail "$(cat said)"
ln -s /bin/true bin/perf
! PATH=$PWD/bin "$tools/profile.sh" 999999999 >out 2>said || fail "a process that is none"
grep -q 'no process 999999999' said || fail "$(cat said)"
