class_name RLEpisodeCost
extends RefCounted
## What one arena's episode cost so far: the metrics `performance/…` that each of its agents reports at its end.
##
## Nodes, objects and memory are those of the whole process at that moment, `…_growth` is what came since the episode
## began, and `…_kept` what each episode before left behind, in the mean. The names are known once the arena is built.

# What the first episodes leave behind is loaded once.
const _WARM := 3
const _GROWING: Array[String] = ["node_count", "orphan_node_count", "static_memory_mb"]

## As reported, in the order of `values`.
var names: Array[StringName] = []

var _monitor := RLMonitor.shared()
var _root: Node
var _ticks := 0
var _spent_ms := 0.0
var _most_ms := 0.0
var _over_budget := 0
var _drawn_ms := 0.0
var _begun_s := 0.0
var _counts_then: Dictionary = {}
# Since the process is warm: the counts of that moment, and the episodes that have begun.
var _counts_warm: Dictionary = {}
var _begun := 0


## Of the arena with this root, which is built, and whose terrains are registered.
func _init(root: Node) -> void:
	_root = root
	begin()
	for key: String in _measure():
		names.append(StringName(RLMonitor.PREFIX + key))


## The arena's next episode has begun.
func begin() -> void:
	_ticks = 0
	_spent_ms = 0.0
	_most_ms = 0.0
	_over_budget = 0
	_drawn_ms = 0.0
	_counts_then = _monitor.counts()
	_begun += 1
	if _begun <= _WARM:
		_counts_warm = _counts_then
	_begun_s = RLProcessorTime.seconds()


## The scripts of a tick are done: the tick before it is complete. The one before the first was of another episode.
func note_tick() -> void:
	_ticks += 1
	if _ticks == 1:
		return
	var spent := _monitor.physics_frame_time_ms
	_spent_ms += spent
	_most_ms = maxf(_most_ms, spent)
	_over_budget += int(spent > RLMonitor.FRAME_BUDGET_MS)
	if RLMonitor.draws():
		_drawn_ms += _monitor.render_frame_time_ms()


## The values of `names`.
func values() -> PackedFloat32Array:
	return PackedFloat32Array(_measure().values())


func _measure() -> Dictionary:
	var ticks := maxi(_ticks, 1)
	var measured := maxi(_ticks - 1, 1)
	var found := {
		"physics_frame_time_ms": _spent_ms / measured,
		"physics_frame_time_ms_max": _most_ms,
		"physics_frame_time_ratio": _spent_ms / measured / RLMonitor.FRAME_BUDGET_MS,
		"frames_over_budget": float(_over_budget) / measured,
	}
	if RLMonitor.draws():
		found["render_frame_time_ms"] = _drawn_ms / measured
		found["render_frame_time_ratio"] = _drawn_ms / measured / RLMonitor.FRAME_BUDGET_MS
	if is_finite(_begun_s):
		found["cpu_ms_a_tick"] = 1e3 * (RLProcessorTime.seconds() - _begun_s) / (ticks * _monitor.arenas)
	var counts := _monitor.counts()
	found.merge(counts)
	for key: String in _GROWING:
		if counts.has(key):
			found["%s_growth" % key] = (counts[key] as float) - (_counts_then[key] as float)
			var kept := (_counts_then[key] as float) - (_counts_warm[key] as float)
			found["%s_kept" % key] = kept / maxi(1, _begun - _WARM)
	var chunks := _monitor.chunks_below(_root)
	found.merge(chunks)
	if not chunks.is_empty():
		found["chunk_count_ratio"] = (chunks["active_chunk_count"] as float) / RLMonitor.CHUNK_BUDGET
	return found
