class_name RLPerformanceSensor
extends RLSensor
## What the game costs at this moment, each divided by its budget: physics frame time, render frame time, chunks.
##
## What is not known reads -1: the render time of a headless game, the chunks of a game without a terrain. These are of
## the wall clock, so that an agent that sees them does not act twice in the same way.

## Greater than this share of a budget is seen as this.
const MOST := 10.0

var _monitor := RLMonitor.shared()


## Whether an agent has such a sensor.
static func is_in(of_agent: RLAgent) -> bool:
	return of_agent.get_children().any(func(child: Node) -> bool: return child is RLPerformanceSensor)


func _init() -> void:
	label = &"performance"


func fields() -> Array[RLField]:
	return [
		RLField.new("%s/physics_frame_time" % label, 1, "share of 11.11 ms"),
		RLField.new("%s/render_frame_time" % label, 1, "share of 11.11 ms, or -1"),
		RLField.new("%s/chunks" % label, 1, "share of 512, or -1"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	buffer[offset] = minf(_monitor.physics_frame_time_ms / RLMonitor.FRAME_BUDGET_MS, MOST)
	buffer[offset + 1] = -1.0
	if RLMonitor.draws():
		buffer[offset + 1] = minf(_monitor.render_frame_time_ms() / RLMonitor.FRAME_BUDGET_MS, MOST)
	var chunks := _monitor.chunks_below(agent.arena_core.root)
	var count: float = chunks.get("active_chunk_count", -1.0 * RLMonitor.CHUNK_BUDGET)
	buffer[offset + 2] = count / RLMonitor.CHUNK_BUDGET
