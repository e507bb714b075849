class_name RLProcessorTime
## Processor time that this process has used, on all its threads, as the kernel counts it.
##
## A wall clock also counts the time in which other programs had the processor; this one does not.

const _THREADS := "/proc/self/task"


## Seconds since the process started; NAN where the kernel does not say. The time of threads that ended is lost.
static func seconds() -> float:
	var nanoseconds := 0
	for thread: String in DirAccess.get_directories_at(_THREADS):
		var file := FileAccess.open("%s/%s/schedstat" % [_THREADS, thread], FileAccess.READ)
		if file != null:
			nanoseconds += file.get_line().get_slice(" ", 0).to_int()
	return nanoseconds * 1e-9 if nanoseconds > 0 else NAN
