class_name RLMonitor
extends Node
## Measures what the running game costs: time, memory, objects, and a terrain's chunks. It is /root/RLMonitor.
##
## It exists from the first call of `shared` on. Everything here is of the wall clock or of the whole process: never let
## it influence the game itself, or its episodes cannot be replayed.

## Names of metrics, rewards and observations that begin so are of the wall clock: no replay gives them again.
const PREFIX := "performance/"
## Milliseconds of a frame at 90 frames a second, the rate of VR.
const FRAME_BUDGET_MS := 1000.0 / 90.0
## Milliseconds in which a chunk of a terrain should be made.
const CHUNK_BUDGET_MS := 5.0
## Chunks of a terrain that may be loaded.
const CHUNK_BUDGET := 512
## Megabytes that a terrain may take.
const MEMORY_BUDGET_MB := 2048.0

const _MB := 1.0 / (1 << 20)
# What a terrain reports, and how several terrains make one figure.
const _SUMS: Array[StringName] = [&"active_chunk_count", &"chunk_queue_length", &"voxel_memory_mb"]

## Copies of the scene in this process. Times are divided by it: they are what one copy costs.
static var arenas := 1

static var _shared: RLMonitor
# Of the time since the tick began, what belongs to somebody else.
static var _left_out_usec := 0

## Milliseconds of the last whole physics tick: scripts, physics and rules, without waiting for an agent's policy, and
## without the time in which other programs kept the main thread from running.
var physics_frame_time_ms := 0.0

# When the tick began; -1 between two ticks.
var _began_usec := -1
var _clock := RLThreadClock.new()
var _terrains: Array[Node] = []
var _begun_ticks := 0
var _begun_s := 0.0


## The monitor of this process.
static func shared() -> RLMonitor:
	if not is_instance_valid(_shared):
		_shared = RLMonitor.new()
		_shared.name = "RLMonitor"
		var tree := Engine.get_main_loop() as SceneTree
		tree.physics_frame.connect(_shared._on_physics_frame)
		tree.process_frame.connect(_shared._end_tick)
		# The root is busy while the first scene is made ready.
		tree.root.add_child.call_deferred(_shared)
	return _shared


## On the main thread: the time by which ticks are measured, in microseconds; 0 where nobody measures.
static func now_usec() -> int:
	return _shared._clock.usec() if is_instance_valid(_shared) else 0


## Of the time since the tick began, this much is not the game's: the bridge waits for a policy, or watches; a thread
## that the game waits for is kept from running by other programs.
static func leave_out(usec: int) -> void:
	_left_out_usec += usec


## True where something is drawn, so that drawing takes time that can be measured.
static func draws() -> bool:
	return DisplayServer.get_name() != "headless" and RenderingServer.render_loop_enabled


func _init() -> void:
	_begun_ticks = Engine.get_physics_frames()
	_begun_s = RLProcessorTime.seconds()
	if draws():
		RenderingServer.viewport_set_measure_render_time(_viewport(), true)


## What the game costs now. Figures that are not known are absent: a headless game has no `render_frame_time_ms`, a game
## without a terrain no chunks, and a release build neither `static_memory_mb` nor `orphan_node_count`.
func get_statistics() -> Dictionary:
	var found := counts()
	found["physics_frame_time_ms"] = physics_frame_time_ms
	if draws():
		found["render_frame_time_ms"] = render_frame_time_ms()
	var ticks := Engine.get_physics_frames() - _begun_ticks
	var spent_ms := 1e3 * (RLProcessorTime.seconds() - _begun_s)
	if ticks > 0 and is_finite(spent_ms):
		found["cpu_ms_a_tick"] = spent_ms / (ticks * arenas)
	found.merge(chunks_below(get_tree().root) if is_inside_tree() else {})
	return found


## A terrain that is made of chunks takes part from now on. Its method `chunk_statistics()` returns a Dictionary with
## the numbers `active_chunk_count`, `chunk_queue_length`, `chunk_generation_avg_ms`, `chunk_generation_max_ms` and
## `voxel_memory_mb`.
func register_terrain(terrain: Node) -> void:
	_terrains.append(terrain)
	terrain.tree_exiting.connect(_terrains.erase.bind(terrain), CONNECT_ONE_SHOT)


## Milliseconds that drawing the last frame took; 0 before the first one. Only where `draws` is true.
func render_frame_time_ms() -> float:
	var drawn := RenderingServer.viewport_get_measured_render_time_cpu(_viewport())
	drawn += RenderingServer.viewport_get_measured_render_time_gpu(_viewport())
	return drawn + RenderingServer.get_frame_setup_time_cpu()


## Nodes, objects and memory of the process.
func counts() -> Dictionary:
	var found := {
		"object_count": Performance.get_monitor(Performance.OBJECT_COUNT),
		"node_count": Performance.get_monitor(Performance.OBJECT_NODE_COUNT),
	}
	if OS.is_debug_build():
		found["orphan_node_count"] = Performance.get_monitor(Performance.OBJECT_ORPHAN_NODE_COUNT)
		found["static_memory_mb"] = Performance.get_monitor(Performance.MEMORY_STATIC) * _MB
	return found


## What the terrains below a node report together; empty where there is none.
func chunks_below(node: Node) -> Dictionary:
	var found := {}
	var number := 0
	for terrain: Node in _terrains:
		if node.is_ancestor_of(terrain):
			var reported: Dictionary = terrain.call(&"chunk_statistics")
			number += 1
			_join(found, reported, number)
	return found


func _on_physics_frame() -> void:
	_end_tick()
	_left_out_usec = 0
	_began_usec = _clock.usec()


# Physics is stepped after the scripts of a tick; what comes next is another tick, or the frame's own processing.
func _end_tick() -> void:
	if _began_usec >= 0:
		physics_frame_time_ms = (_clock.usec() - _began_usec - _left_out_usec) * 1e-3 / arenas
		_began_usec = -1


func _viewport() -> RID:
	return (Engine.get_main_loop() as SceneTree).root.get_viewport_rid()


func _join(into: Dictionary, reported: Dictionary, number: int) -> void:
	for key: StringName in _SUMS:
		into[key] = into.get(key, 0.0) + float(str(reported[key]))
	var mean: float = reported["chunk_generation_avg_ms"]
	var most: float = reported["chunk_generation_max_ms"]
	into["chunk_generation_avg_ms"] = lerpf(into.get("chunk_generation_avg_ms", 0.0) as float, mean, 1.0 / number)
	into["chunk_generation_max_ms"] = maxf(into.get("chunk_generation_max_ms", 0.0) as float, most)
