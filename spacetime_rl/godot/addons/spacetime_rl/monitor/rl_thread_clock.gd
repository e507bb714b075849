class_name RLThreadClock
extends RefCounted
## A wall clock for one thread that stands still while the thread is ready to run and no processor is free for it.
##
## So it measures what a piece of work takes by itself, also on a machine that is busy with other programs. Sleeping and
## waiting for other threads count as they do on any wall clock. Where the kernel does not say how long a thread was
## kept waiting, outside of Linux, it is the wall clock.

const _FILE := "/proc/thread-self/schedstat"
# Further than the file is long: the next read is a fresh one, not of what was read before.
const _AWAY := 1 << 16

var _file: FileAccess


## A clock of the thread that makes it; no other thread may use it.
func _init() -> void:
	if OS.get_name() == "Linux":
		_file = FileAccess.open(_FILE, FileAccess.READ)


## Microseconds since some moment.
func usec() -> int:
	return Time.get_ticks_usec() - kept_waiting_usec()


## Microseconds since the thread began for which it stood still.
func kept_waiting_usec() -> int:
	if _file == null:
		return 0
	_file.seek(_AWAY)
	_file.seek(0)
	# Nanoseconds that it ran, nanoseconds that it was kept waiting, and how many times it was given a processor.
	@warning_ignore("integer_division")
	return _file.get_line().get_slice(" ", 1).to_int() / 1000
