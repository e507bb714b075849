extends SceneTree
## Plays a scene at its own pace and times its physics ticks, in a window or without one.
##
## `godot --path . --script res://tests/support/time_ticks.gd -- RUNTIME SCENE SECONDS --policies=… …` prints the ticks
## a second, the pictures a second, the ticks in which the first agent was played, and the median, the 99th percentile
## and the longest of the milliseconds that a tick took: scripts, policies and physics, without drawing, and without
## what other programs took of the processor. RUNTIME is as in `ComputeBy`; what follows SECONDS are options of
## `RLOptions`.

# Seconds in which shaders are compiled and caches fill.
const _BEFORE_S := 5.0

var _times_ms := PackedFloat64Array()
var _pictures := 0
var _decisions := 0
var _clock := RLThreadClock.new()
# When the tick began that has not ended, by the clock; -1 if there is none.
var _tick_usec := -1
var _is_timed := false
var _begin_usec := 0
var _end_usec := 0


func _initialize() -> void:
	var given := OS.get_cmdline_user_args()
	if not ComputeBy.chosen(given[0]):
		quit(1)
		return
	_begin_usec = Time.get_ticks_usec() + int(_BEFORE_S * 1e6)
	_end_usec = _begin_usec + int(given[2].to_float() * 1e6)
	var scene: Node = (load(given[1]) as PackedScene).instantiate()
	root.add_child(scene)
	# Ticks that the wall clock is behind by follow each other; then a picture is drawn.
	physics_frame.connect(_on_physics_frame)
	process_frame.connect(_on_process_frame)


func _on_physics_frame() -> void:
	_end_tick()
	_is_timed = Time.get_ticks_usec() >= _begin_usec
	_tick_usec = _clock.usec()


func _on_process_frame() -> void:
	_end_tick()
	var now := Time.get_ticks_usec()
	if now >= _begin_usec:
		_pictures += 1
	if now >= _end_usec:
		_print(1e-6 * (now - _begin_usec))
		quit()


func _end_tick() -> void:
	if _is_timed and _tick_usec >= 0:
		_times_ms.append(1e-3 * (_clock.usec() - _tick_usec))
		var bridge := get_first_node_in_group(RLOptions.BRIDGE_GROUP) as RLBridge
		_decisions += int(bridge.roster.agents[0].decisions > 0)
	_tick_usec = -1


func _print(seconds: float) -> void:
	_times_ms.sort()
	var count := _times_ms.size()
	var per_s := [count / seconds, _pictures / seconds, _decisions]
	var percentiles := [_times_ms[int(count * 0.5)], _times_ms[int(count * 0.99)], _times_ms[-1]]
	print("ticks %.2f %.1f %d %.3f %.3f %.3f" % (per_s + percentiles))
