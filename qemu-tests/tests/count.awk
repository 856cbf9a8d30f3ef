# SPDX-License-Identifier: GPL-2.0-only
#
# count.awk: what a guest's run of guest-run came to.
#
# awk -f count.awk -v guest=NAME -v plain=0|1 -v programs="NAME..." -v totals=FILE OUTPUT
# Prints what went wrong, and writes "PASSED FAILED SKIPPED" to the file.  With plain set, a kernel
# without contexts has run the cases: each that holds there proves nothing, so a program passes if
# all of its cases failed; not for want of what they need before they try anything, though, nor by a
# time-out.

function wrong(text)
{
	failed++
	print "not ok " guest ": " text
}

function end_program()
{
	if (name == "")
		return
	if (plan == "")
		wrong(name ": no plan (it printed no KTAP)")
	else if (plan != ran)
		wrong(name ": " plan " cases planned, " ran " ran")
	else if (plain && !broke && !held && !bad)
		wrong(name ": no case can fail without contexts: plain is no guest for it")
	else if (plain && !held && !bad) {
		passed++
		print "ok " guest ": " name ": " broke " of " ran \
			" cases fail without contexts, as they must" \
			(lacking ? "; " lacking " need the device" : "")
	}
	seen[name] = 1
	name = ""
}

/^# program / {
	end_program()
	name = $3
	plan = ""
	ran = held = broke = bad = lacking = 0
	next
}

/^# ended / {
	# without contexts programs end with 1, as all that found a case not ok
	if ($4 == 124 || $4 == 137)
		wrong(name ": time-out")
	else if (!plain && $4 != 0 && !bad)
		wrong(name ": exit status " $4 ", but no case failed")
	end_program()
	next
}

name == "" { next }

/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0 }

/^(not )?ok / {
	ran++
	skip = /# SKIP/
	if (!plain) {
		if (/^not ok /) {
			failed++
			bad++
			print "not ok " guest ": " name ": " substr($0, 8)
		} else if (skip) {
			skipped++
		} else {
			passed++
		}
	} else if (/^not ok .* # (set-up|time-out): / || /^not ok .* # .*\/dev\/vcontext/) {
		bad++
		wrong(name ": fails without contexts, but for another reason: " $0)
	} else if (/^not ok /) {
		broke++
	} else if (/# SKIP needs \/dev\/vcontext/) {
		lacking++
	} else if (!skip) {
		held++
		wrong(name ": holds without contexts, so it proves nothing: " $0)
	}
}

END {
	end_program()
	count = split(programs, all, " ")
	for (i = 1; i <= count; i++)
		if (!(all[i] in seen))
			wrong(all[i] ": did not run")
	print passed + 0, failed + 0, skipped + 0 > totals
}
