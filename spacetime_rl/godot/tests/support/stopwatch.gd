class_name Stopwatch
## Times what is done again and again, for the tables of the documentation. What other programs took of the processor
## meanwhile is left out.

# Calls before those that are timed, and the fewest that are.
const _BEFORE := 5
const _LEAST := 20


## Print the label, the rows, and the median and the 99th percentile in milliseconds of what is called for `seconds`.
static func time(label: String, rows: int, seconds: float, what: Callable) -> void:
	for i: int in _BEFORE:
		what.call()
	var clock := RLThreadClock.new()
	var times_ms := PackedFloat64Array()
	var end_usec := Time.get_ticks_usec() + int(seconds * 1e6)
	while times_ms.size() < _LEAST or Time.get_ticks_usec() < end_usec:
		# The clock is read outside of what is timed: that takes microseconds, too.
		var waited_usec := clock.kept_waiting_usec()
		var from_usec := Time.get_ticks_usec()
		what.call()
		var usec := Time.get_ticks_usec() - from_usec
		waited_usec = clock.kept_waiting_usec() - waited_usec
		times_ms.append(1e-3 * maxi(usec - waited_usec, 0))
	times_ms.sort()
	var count := times_ms.size()
	print("%s %d %.3f %.3f" % [label, rows, times_ms[int(count * 0.5)], times_ms[int(count * 0.99)]])
